import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { medianOf } from './class-figures.ts'
import type { EngineName } from './contender.ts'
import type { BuildFigures, FirstFigures } from './engine-figures.ts'
import { EngineProcess, type EngineProgram } from './engine-process.ts'
import type { AskedQuery } from './query-file.ts'

/** Builds an engine's index in `folder`, in a process that ends with it. */
export async function measureBuild(
  engine: EngineName,
  program: EngineProgram,
  corpus: string,
  folder: string,
): Promise<BuildFigures> {
  await mkdir(folder, { recursive: true })
  await using process = await EngineProcess.start(engine, program)
  const { ms, peakBytes } = await process.ask({ do: 'build', corpus, folder })
  return { seconds: ms / 1000, peakBytes, diskBytes: await bytesBelow(folder) }
}

/** Opens the index and asks one query, each time in a fresh process. */
export async function measureFirst(
  engine: EngineName,
  program: EngineProgram,
  folder: string,
  queries: readonly AskedQuery[],
  bareBytes: number,
): Promise<FirstFigures> {
  const times: number[] = []
  const memories: number[] = []
  for (const query of queries) {
    await using process = await EngineProcess.start(engine, program)
    const opened = await process.ask({ do: 'open', folder })
    const answered = await process.ask({ do: 'search', query })
    times.push(opened.ms + answered.ms)
    memories.push((await process.residentBytes()) - bareBytes)
    await process.close()
  }
  return { ms: medianOf(times), memoryBytes: medianOf(memories) }
}

async function bytesBelow(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true })
  const sizes = await Promise.all(names.map(async name => await fileBytes(join(folder, name))))
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function fileBytes(path: string): Promise<number> {
  const found = await stat(path)
  return found.isFile() ? found.size : 0
}

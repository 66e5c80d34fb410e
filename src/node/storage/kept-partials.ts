import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCodeOf } from './errors.ts'
import { KEPT_PARTIAL_MS, KEPT_PARTIALS_BYTES, MAX_KEPT_PARTIALS } from './limits.ts'

/** The file beside a partial one that holds its root block. */
export const ROOT_SUFFIX = '.root'

interface Partial {
  readonly name: string
  readonly bytes: number
  /** Last written, ms since 1970. */
  readonly at: number
}

/** Removes interrupted fetches that are too old, too many or too large together; the newest stay. Open ones are left alone. */
export async function prunePartials(folder: string, now: number, isOpen: (name: string) => boolean): Promise<void> {
  const files = await readdir(folder)
  const names = new Set(files.map(file => (file.endsWith(ROOT_SUFFIX) ? file.slice(0, -ROOT_SUFFIX.length) : file)))
  const closed = [...names].filter(name => !isOpen(name) && !name.startsWith('add-'))
  const found = await Promise.all(closed.map(name => partialAt(folder, name)))
  let [count, bytes] = [0, 0]
  for (const partial of found.toSorted((a, b) => b.at - a.at)) {
    count++
    bytes += partial.bytes
    const isKept = now - partial.at < KEPT_PARTIAL_MS && count <= MAX_KEPT_PARTIALS && bytes <= KEPT_PARTIALS_BYTES
    if (!isKept && !isOpen(partial.name)) await removePartial(folder, partial.name)
  }
}

/** Removes a partial file with its root block. */
export async function removePartial(folder: string, name: string): Promise<void> {
  for (const file of [name, `${name}${ROOT_SUFFIX}`]) await rm(join(folder, file), { force: true })
}

/** What a partial file takes on disk: it has holes where leaves are missing. A root block without its file is the oldest of all. */
async function partialAt(folder: string, name: string): Promise<Partial> {
  try {
    const { blocks, mtimeMs } = await stat(join(folder, name))
    return { name, bytes: blocks * 512, at: mtimeMs }
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return { name, bytes: 0, at: 0 }
    throw error
  }
}

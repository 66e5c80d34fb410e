import { readFile } from 'node:fs/promises'

export interface ResidentMemory {
  /** Heap, stacks and buffers, bytes. */
  readonly anonymous: number
  /** Pages of files: the program and what LevelDB maps; the kernel takes them back when it wants. */
  readonly mapped: number
}

/** Linux: what a process occupies. */
export async function residentMemoryOf(pid: number): Promise<ResidentMemory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const read = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? Number.NaN) * 1_024
  return { anonymous: read('RssAnon'), mapped: read('RssFile') }
}

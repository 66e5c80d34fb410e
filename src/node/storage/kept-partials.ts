import { readdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCodeOf } from './errors.ts'
import { KEPT_PARTIAL_MS, KEPT_PARTIALS_BYTES, MAX_KEPT_PARTIALS } from './limits.ts'

/** The file beside a partial one that holds its root block. */
export const ROOT_SUFFIX = '.root'

interface Partial {
  readonly name: string
  /** On disk: it has holes where leaves are missing. */
  readonly bytes: number
  /** With its holes, bytes. */
  readonly length: number
  /** Last written, ms since 1970. */
  readonly at: number
}

/**
 * Keeps the newest interrupted fetches within age, number and bytes, and removes the others. Where there is not room for all, none
 * takes more than half: a larger one loses its last leaves. Open ones are left alone.
 */
export async function prunePartials(
  folder: string,
  now: number,
  isOpen: (name: string) => boolean,
  quotaBytes = KEPT_PARTIALS_BYTES,
): Promise<void> {
  const closed = (await partialsIn(folder)).filter(({ name }) => !isOpen(name)).toSorted((a, b) => b.at - a.at)
  const recent = closed.filter(({ at }) => now - at < KEPT_PARTIAL_MS).slice(0, MAX_KEPT_PARTIALS)
  const isCrowded = recent.reduce((sum, { bytes }) => sum + bytes, 0) > quotaBytes
  const mostBytes = isCrowded ? quotaBytes / 2 : quotaBytes
  const kept = new Set<Partial>()
  let keptBytes = 0
  for (const partial of recent) {
    const bytes = Math.min(partial.bytes, mostBytes)
    if (keptBytes + bytes > quotaBytes) continue
    kept.add(partial)
    keptBytes += bytes
  }
  for (const partial of closed) {
    if (isOpen(partial.name)) continue
    if (!kept.has(partial)) await removePartial(folder, partial.name)
    else if (Math.min(partial.bytes, partial.length) > mostBytes) await cut(join(folder, partial.name), mostBytes)
  }
}

/** Removes a partial file with its root block. */
export async function removePartial(folder: string, name: string): Promise<void> {
  for (const file of [name, `${name}${ROOT_SUFFIX}`]) await rm(join(folder, file), { force: true })
}

/** Shortens a file, unless another prune removed it meanwhile. */
async function cut(path: string, bytes: number): Promise<void> {
  await truncate(path, bytes).catch(error => {
    if (systemCodeOf(error) !== 'ENOENT') throw error
  })
}

async function partialsIn(folder: string): Promise<readonly Partial[]> {
  const files = await readdir(folder)
  const names = new Set(files.map(file => (file.endsWith(ROOT_SUFFIX) ? file.slice(0, -ROOT_SUFFIX.length) : file)))
  return Promise.all([...names].filter(name => !name.startsWith('add-')).map(name => partialAt(folder, name)))
}

/** A root block without its file is the oldest of all. */
async function partialAt(folder: string, name: string): Promise<Partial> {
  try {
    const { blocks, size, mtimeMs } = await stat(join(folder, name))
    return { name, bytes: blocks * 512, length: size, at: mtimeMs }
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return { name, bytes: 0, length: 0, at: 0 }
    throw error
  }
}

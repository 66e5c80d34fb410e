import { open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sha256 } from '../../protocol/index.ts'
import { type LevelDatabase, systemCodeOf, type Write } from '../storage/index.ts'

/** Rows removed in one commit. */
const ROWS_AT_ONCE = 1_000
/** Bytes read of a ready body: its first line says which package and source it is for. */
const BODY_HEAD_BYTES = 4_096

/** Documents of one upstream's cache on disk. */
export interface PackumentCount {
  readonly packuments: number
  /** Bytes. */
  readonly packumentBytes: number
}

/** Keys of the caches that lie on disk: of upstreams as they are, and as they were. */
export async function cacheKeysIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(onMissing([]))
  return entries.filter(entry => entry.isDirectory()).map(({ name }) => name)
}

/** What one cache's documents take. */
export async function countPackuments(folder: string, key: string): Promise<PackumentCount> {
  let packuments = 0
  let packumentBytes = 0
  const top = join(folder, key, 'packuments')
  for (const shelf of await readdir(top).catch(onMissing([]))) {
    for (const name of await readdir(join(top, shelf)).catch(onMissing([]))) {
      const found = await stat(join(top, shelf, name)).catch(onMissing(null))
      if (found === null || name.includes('.')) continue
      packuments++
      packumentBytes += found.size
    }
  }
  return { packuments, packumentBytes }
}

/** When a cache last took a document in, ms since 1970; 0 for an empty one. */
export async function lastWrittenAt(folder: string, key: string): Promise<number> {
  const top = join(folder, key, 'packuments')
  const shelves = await readdir(top).catch(onMissing([]))
  const times = await Promise.all(
    shelves.map(shelf =>
      stat(join(top, shelf)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  )
  return Math.max(0, ...times)
}

/** Removes the documents of one cache; what it knows of tarballs goes with `forgetTarballs`. */
export async function removeCache(folder: string, key: string): Promise<void> {
  await rm(join(folder, key), { recursive: true, force: true })
}

/** One row of the index of tarballs. */
export interface TarballRow {
  readonly cacheKey: string
  readonly name: string
  readonly version: string
  readonly sha256: Sha256
}

/** Every tarball that any cache of npm registries knows of. */
export async function* tarballRows(database: LevelDatabase): AsyncGenerator<TarballRow> {
  for await (const [key, value] of database.scan('upstream', { gte: 'npm ', lt: 'npm!' })) {
    const [, cacheKey = '', name = '', version = ''] = key.split(' ')
    const sha256 = /"sha256":"([0-9a-f]{64})"/.exec(Buffer.from(value).toString())?.[1]
    if (sha256 !== undefined) yield { cacheKey, name, version, sha256: sha256 as Sha256 }
  }
}

/** Forgets rows of the index of tarballs; the bytes themselves are the cache's. */
export async function forgetTarballs(database: LevelDatabase, isGone: (row: TarballRow) => boolean): Promise<void> {
  let writes: Write[] = []
  for await (const row of tarballRows(database)) {
    if (!isGone(row)) continue
    writes.push({ type: 'del', table: 'upstream', key: `npm ${row.cacheKey} ${row.name} ${row.version}` })
    if (writes.length < ROWS_AT_ONCE) continue
    await database.commit(writes)
    writes = []
  }
  await database.commit(writes)
}

/** What a ready body was made of. */
export interface BodyMark {
  readonly name: string
  readonly sourceKey: string
}

/** Removes ready bodies of packages or sources that are gone; others are made again when somebody asks. */
export async function removeBodies(folder: string, isGone: (body: BodyMark) => boolean): Promise<number> {
  let removed = 0
  for (const name of await readdir(folder).catch(onMissing([]))) {
    const mark = await markOf(join(folder, name)).catch(onMissing(null))
    if (mark === null || !isGone(mark)) continue
    await rm(join(folder, name), { force: true })
    removed++
  }
  return removed
}

async function markOf(path: string): Promise<BodyMark | null> {
  await using file = await open(path, 'r')
  const { buffer, bytesRead } = await file.read(Buffer.alloc(BODY_HEAD_BYTES), 0, BODY_HEAD_BYTES, 0)
  const id = /"id":("(?:[^"\\]|\\.)*")/.exec(buffer.toString('utf8', 0, bytesRead))?.[1]
  try {
    const [name, sourceKey] = JSON.parse(JSON.parse(id ?? 'null')) as readonly unknown[]
    return typeof name === 'string' && typeof sourceKey === 'string' ? { name, sourceKey } : null
  } catch {
    return null
  }
}

function onMissing<T>(otherwise: T): (error: unknown) => T {
  return error => {
    if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ENOTDIR') return otherwise
    throw error
  }
}

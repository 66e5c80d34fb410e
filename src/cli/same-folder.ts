import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** Whether two paths are folders of the same files with the same bytes; links and other kinds of entries never are. */
export async function isSameFolder(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([lstat(a), lstat(b)])
  if (one.isFile() && other.isFile()) return one.size === other.size && (await digestOf(a)) === (await digestOf(b))
  if (!one.isDirectory() || !other.isDirectory()) return false
  const [names, others] = await Promise.all([readdir(a), readdir(b)])
  if (names.toSorted().join('/') !== others.toSorted().join('/')) return false
  for (const name of names) if (!(await isSameFolder(join(a, name), join(b, name)))) return false
  return true
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

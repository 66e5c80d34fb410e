import { join } from 'node:path'
import { cacheKeysIn, forgetTarballs, lastWrittenAt, removeBodies, removeCache } from '../cache/index.ts'
import { upstreamFolderOf } from '../composition/open-upstreams.ts'
import { MACHINE_UPSTREAM } from '../config/index.ts'
import type { NodeContext } from '../node-context.ts'
import { cacheKeyOf } from '../upstream/index.ts'

/** A cache nobody asks any more stays so long: an address that was mistyped, or is tried out, comes back; ms. */
const FORMER_CACHE_MS = 7 * 24 * 60 * 60 * 1_000

/** Keys of the caches of upstreams that are gone or have another address now. */
export async function formerCaches({ paths, upstreams }: NodeContext): Promise<readonly string[]> {
  const addresses = upstreams.addresses()
  const current = new Set(addresses.map(each => cacheKeyOf(each)))
  // As long as the machine's own registry is not known, every cache under its name may be its.
  const isOpen = !addresses.some(({ name }) => name === MACHINE_UPSTREAM)
  const keys = await cacheKeysIn(upstreamFolderOf(paths.home))
  return keys.filter(key => !current.has(key) && !(isOpen && key.startsWith(`${MACHINE_UPSTREAM}.`)))
}

/** Removes the documents of former caches, what they knew of tarballs, and ready bodies made of them. */
export async function removeFormerCaches(node: NodeContext, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return
  const gone = new Set(keys)
  const names = new Set(keys.map(key => `upstream/${key.split('.')[0]}`))
  for (const key of keys) await removeCache(upstreamFolderOf(node.paths.home), key)
  await forgetTarballs(node.database, ({ cacheKey }) => gone.has(cacheKey))
  await removeBodies(join(node.paths.home, 'bodies', 'npm'), ({ sourceKey }) => names.has(sourceKey))
}

/** After a start: what has been a former cache for a while goes, unless the address that came after it never answered. */
export async function removeOldFormerCaches(node: NodeContext, now: number): Promise<readonly string[]> {
  const folder = upstreamFolderOf(node.paths.home)
  const keys: string[] = []
  const unanswered = new Set<string>()
  for (const each of node.upstreams.addresses()) {
    if ((await lastWrittenAt(folder, cacheKeyOf(each))) === 0) unanswered.add(each.name)
  }
  for (const key of await formerCaches(node)) {
    if (unanswered.has(key.split('.')[0] ?? '')) continue
    if (now - (await lastWrittenAt(folder, key)) > FORMER_CACHE_MS) keys.push(key)
  }
  await removeFormerCaches(node, keys)
  return keys
}

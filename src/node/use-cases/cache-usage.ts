import type { Sha256 } from '../../protocol/index.ts'
import { cacheKeysIn, countPackuments, type PackumentCount, tarballRows } from '../cache/index.ts'
import { upstreamFolderOf } from '../composition/open-upstreams.ts'
import type { NodeContext } from '../node-context.ts'

/** What one upstream's cache holds. */
export interface CacheUsage extends PackumentCount {
  readonly tarballs: number
  /** Bytes. */
  readonly tarballBytes: number
}

/** What is kept, by cache key; two upstreams may know the same bytes, which lie here once. */
export async function cacheUsage(node: NodeContext): Promise<ReadonlyMap<string, CacheUsage>> {
  const folder = upstreamFolderOf(node.paths.home)
  const sizes = new Map((await node.ledger.entries()).map(({ sha256, size }) => [sha256, size]))
  const held = new Map<string, Set<Sha256>>()
  for await (const { cacheKey, sha256 } of tarballRows(node.database)) {
    if (!sizes.has(sha256)) continue
    const known = held.get(cacheKey) ?? new Set()
    held.set(cacheKey, known.add(sha256))
  }
  const usage = new Map<string, CacheUsage>()
  for (const key of new Set([...(await cacheKeysIn(folder)), ...held.keys()])) {
    const tarballs = [...(held.get(key) ?? [])]
    const tarballBytes = tarballs.reduce((sum, sha256) => sum + (sizes.get(sha256) ?? 0), 0)
    usage.set(key, { tarballs: tarballs.length, tarballBytes, ...(await countPackuments(folder, key)) })
  }
  return usage
}

import type { NodeContext } from '../node-context.ts'
import { cacheKeyOf } from '../upstream/index.ts'
import { cacheUsage } from './cache-usage.ts'

/** What is kept of upstreams, how it was used since the start, and what bounds it. */
export async function cacheStats(node: NodeContext): Promise<object> {
  const { ledger, cache, pins, disk, upstreams } = node
  const usage = await cacheUsage(node)
  const entries = await ledger.entries()
  const space = await disk.look()
  const names = new Map(upstreams.addresses().map(each => [cacheKeyOf(each), each.name]))
  const byUpstream = [...usage].map(([key, kept]) => {
    const name = names.get(key) ?? null
    const { hits, misses } = (name === null ? undefined : cache.uses.get(name)) ?? { hits: 0, misses: 0 }
    return { upstream: name ?? `${key.split('.')[0]} (former)`, ...kept, hits, misses }
  })
  const all = [...cache.uses.values()]
  return {
    artifacts: entries.length,
    bytes: entries.reduce((sum, { size }) => sum + size, 0),
    packuments: byUpstream.reduce((sum, each) => sum + each.packuments, 0),
    packumentBytes: byUpstream.reduce((sum, each) => sum + each.packumentBytes, 0),
    hits: all.reduce((sum, { hits }) => sum + hits, 0),
    misses: all.reduce((sum, { misses }) => sum + misses, 0),
    pinned: pins.list().length,
    maxBytes: cache.maxBytes,
    disk: {
      freeBytes: space.free,
      totalBytes: space.total,
      minFreeBytes: disk.floorOf(space),
      problem: disk.problem(),
    },
    upstreams: byUpstream,
  }
}

import { join } from 'node:path'
import { CachePins, PurgeList } from '../cache/index.ts'
import { UpstreamBook } from '../upstream/index.ts'

/** Decisions about upstreams and their bytes, in the home's state folder. */
export const CACHE_STATE_FILES = ['upstreams.json', 'cache-pins.json', 'purged.json'] as const

/** How each is checked, and what it means to go on without it; what the law took away must not come back by a repair. */
export function cacheStateFilesOf(state: string) {
  const [upstreams, pins, purged] = CACHE_STATE_FILES.map(name => join(state, name)) as [string, string, string]
  return [
    {
      path: upstreams,
      check: () => UpstreamBook.open(upstreams),
      without: 'upstreams added by command are not set up; routes that lead there are refused',
    },
    { path: pins, check: () => CachePins.open(pins), without: 'no cached version is pinned' },
    { path: purged, check: () => PurgeList.open(purged), without: null },
  ]
}

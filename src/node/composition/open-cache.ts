import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import {
  CacheLedger,
  CachePins,
  forgetTarballs,
  maxBytesOf,
  type Purge,
  type PurgeList,
  UpstreamCache,
} from '../cache/index.ts'
import type { Config } from '../config/index.ts'
import type { IncomingBytes } from '../library/incoming-bytes.ts'
import type { Library } from '../library/library.ts'
import type { RelationBook } from '../library/relation-book.ts'
import { createLog } from '../log.ts'
import { npmPackageOf } from '../registries/npm/npm-package.ts'
import type { ArtifactStore, DataDirectory, ForeignBlocks, LevelDatabase } from '../storage/index.ts'
import type { NpmUpstreamOptions } from '../upstream/index.ts'

export interface CacheParts {
  readonly paths: DataDirectory
  readonly config: Config
  readonly database: LevelDatabase
  readonly artifacts: ArtifactStore
  readonly incoming: IncomingBytes
  readonly library: Library
  readonly relations: RelationBook
}

/** Opens what is kept of upstreams, with its bound and its pins. */
export async function openCache(stack: AsyncDisposableStack, parts: CacheParts) {
  const { paths, config, database, artifacts, incoming, library, relations } = parts
  const log = createLog()
  const pins = await CachePins.open(join(paths.state, 'cache-pins.json'))
  const ledger = new CacheLedger({ database, held: sha256 => artifacts.stat(sha256), now: Date.now })
  const cache = stack.use(
    new UpstreamCache({
      ...{ artifacts, ledger, pins, now: Date.now },
      remove: sha256 => incoming.removeForeign(sha256),
      maxBytes: maxBytesOf(config.cache),
      released: () => library.access.releasedBy(publisher => relations.relationOf(publisher).follow),
      onProblem: err => log.error({ err }, 'the cache of upstreams'),
      onEvicted: gone => forgetTarballs(database, ({ sha256 }) => gone.has(sha256)),
    }),
  )
  cache.begin()
  return { cache, ledger, pins }
}

/** Whether a version was purged by name while its bytes were on their way; then they go again. */
export function purgedOnArrival(
  purges: PurgeList,
  artifacts: ArtifactStore,
  purgeBytes: (purged: PurgedBytes) => Promise<void>,
): NonNullable<NpmUpstreamOptions['isPurged']> {
  return async ({ name, version, sha256 }) => {
    const purl = npmPackageOf(name)
    if (purl === null || purges.whyNot(purl, version) === null) return false
    const bytes = { sha256, cid: (await artifacts.stat(sha256))?.cid ?? null }
    await purges.learn(purl, version, bytes)
    await purgeBytes(bytes)
    return true
  }
}

/** What names purged bytes. */
export type PurgedBytes = Pick<Purge, 'cid' | 'sha256'>

/** Removes bytes wherever this node has them: the artifact, what interrupted fetches left, its blocks kept for others. */
export function purgeBytesOf(artifacts: ArtifactStore, foreign: ForeignBlocks): (purged: PurgedBytes) => Promise<void> {
  return async ({ cid, sha256 }) => {
    const blocks = sha256 === null ? [] : await artifacts.purge(sha256)
    const named = cid === null ? [] : [cid]
    for (const block of new Set([...blocks, ...named])) {
      await foreign.delete(Buffer.from(CID.parse(block).multihash.bytes).toString('hex'))
    }
    if (sha256 !== null) await foreign.delete(`1220${sha256}`)
  }
}

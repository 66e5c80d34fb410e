import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { answerSearches, SearchMemory, systemClock } from '../../../src/federation/index.ts'
import { Advisories } from '../../../src/node/advisories/index.ts'
import { PurgeList } from '../../../src/node/cache/index.ts'
import { openSearchIndex } from '../../../src/node/index/index.ts'
import { HolderRecord } from '../../../src/node/library/holder-record.ts'
import { Library } from '../../../src/node/library/library.ts'
import { RelationBook } from '../../../src/node/library/relation-book.ts'
import { RouteTable } from '../../../src/node/library/route-table.ts'
import { LookAlikes, nameListsOf } from '../../../src/node/look-alikes/index.ts'
import type { NodeContext } from '../../../src/node/node-context.ts'
import { PolicyStore } from '../../../src/node/policy/index.ts'
import { openLevelDatabase, RecordStore } from '../../../src/node/storage/index.ts'
import { AbsentHolders } from '../../../src/node/use-cases/absent-holders.ts'
import { SeenHits } from '../../../src/node/use-cases/seen-hits.ts'
import {
  buildWriterRecord,
  feedIdOf,
  type OpsBody,
  type PeerId,
  type PublisherId,
  parseSearchRequest,
  type ReleaseName,
  type ReleaseOp,
  type ReleaseSummary,
  type SearchHit,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { delegateOf, NET, releaseOf, type TestPublisher } from '../../federation/search/signed-hits.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const PEER = '12D3KooWpeer' as PeerId

/** A package, as short as tests need it: npm, version 1.0.0. */
export interface TestPackage extends ReleaseSummary {
  readonly name: string
  readonly version?: string
}

/** Genesis, delegate and one record that releases all of these. */
export function releasing(publisher: TestPublisher, packages: readonly TestPackage[]): WellFormedRecord[] {
  const { genesis, writer } = publisher
  const [like] = (releaseOf(publisher, 'pkg:npm/x@1.0.0').understood as OpsBody).ops as [ReleaseOp]
  const ops = packages.map(({ name, version = '1.0.0', ...summary }) => ({
    ...like,
    summary,
    purl: `pkg:${name.includes(':') ? name.replace(':', '/') : `npm/${name.replace('@', '%40')}`}@${version}` as ReleaseName,
  }))
  const place = { net: NET, publisher: genesis.publisher, feed: feedIdOf([1, writer.bytes]), seq: 1, prev: null, ts: 3 }
  return [
    genesis,
    delegateOf(publisher),
    buildWriterRecord({ ...place, auth: genesis.id, typ: 'release', ops }, writer.sign),
  ]
}

export interface SearchingNode extends AsyncDisposable {
  readonly node: NodeContext
  /** What the peer was asked. */
  readonly asked: readonly { readonly query: string; readonly type?: string; readonly publisher?: PublisherId }[]
  /** What the peer was blamed for. */
  readonly offences: readonly string[]
}

export interface SearchingNodeInit {
  readonly records?: readonly WellFormedRecord[]
  /** Text of policy.yaml; without one the built-in policy holds. */
  readonly policy?: string
  /** What the one peer sends, or how it answers; without either there is no peer. */
  readonly hits?: readonly SearchHit[]
  readonly answer?: ReturnType<typeof answerSearches>
  /** This node's own publisher. */
  readonly own?: PublisherId
}

/** The parts of a node that searching needs, each as in a running node, on a database of its own. */
export async function searchingNode(init: SearchingNodeInit): Promise<SearchingNode> {
  const { records = [], own = 'nobody' as PublisherId } = init
  const stack = new AsyncDisposableStack()
  const home = await temporaryFolder()
  if (init.policy !== undefined) await writeFile(join(home, 'policy.yaml'), init.policy)
  const database = stack.use(await openLevelDatabase(join(home, 'database')))
  const index = stack.use(await openSearchIndex(database.table('index')))
  const library = await Library.open({ net: NET, database, records: new RecordStore(database), index })
  await library.store.append(records)
  await library.absorb(records)
  const relations = await RelationBook.open(join(home, 'relations.json'))
  const routes = new RouteTable({ home, settings: [], library, relations, own, upstreams: () => [] })
  const none = nameListsOf([])
  const node = {
    ...{ net: NET, library, relations, routes, writer: { publisher: own } },
    policy: stack.use(await PolicyStore.open(policyPartsOf(home))),
    advisories: new Advisories(database),
    lookAlikes: new LookAlikes({ mostUsed: none, installed: none, library, relations, routes, own }),
    sharing: { disputeOf: () => null },
    purges: await PurgeList.open(join(home, 'purged.json')),
    seen: new SeenHits(),
    searchMemory: new SearchMemory(NET),
    protocols: { search: '/search' },
    config: { search: { deadlineMs: 5_000 } },
    artifacts: { has: async () => false },
    libp2p: { peerId: 'self' },
    searches: () => {},
    ...{ everything: () => null, holders: new HolderRecord(Date.now()), absent: new AbsentHolders() },
  }
  const peer = peerOf(init)
  return {
    node: { ...node, ...peer.parts } as unknown as NodeContext,
    ...{ asked: peer.asked, offences: peer.offences },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

const policyPartsOf = (home: string) => ({
  ...{ home, state: home, audit: { append: async () => {} }, now: Date.now, firstInstallOf: () => null },
  onFault: (_message: string, cause: unknown) => {
    throw cause
  },
})

/** The node's only peer; with neither hits nor an answer there is none. */
function peerOf({
  hits,
  answer = hits && answerSearches({ searchPublic: () => hits, clock: systemClock }),
}: SearchingNodeInit) {
  const asked: { query: string }[] = []
  const offences: string[] = []
  const request = async function* (peer: PeerId, protocol: string, payload: Uint8Array) {
    if (protocol !== '/search' || answer === undefined) return
    asked.push(parseSearchRequest(payload))
    yield* answer({ peer, payload, signal: new AbortController().signal })
  }
  const streams = { request, reportOffence: (_: PeerId, code: string) => void offences.push(code) }
  return {
    asked,
    offences,
    parts: {
      ...{ streams, connectedPeers: () => (answer === undefined ? [] : [PEER]), searches: () => {} },
      nodeRecords: () => new Map(),
    },
  }
}

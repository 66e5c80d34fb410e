import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FeedClient, FeedHandler, HeadChanges, Intake, SyncDriver } from '../../src/federation/index.ts'
import { openLevelDatabase, RecordStore } from '../../src/node/storage/index.ts'
import {
  HEADS_SINCE_FEATURE,
  type PeerId,
  parseFeedRequest,
  parseUnverifiedRecord,
  type WellFormedRecord,
} from '../../src/protocol/index.ts'
import { World } from '../../test/federation/simulation/world.ts'
import { forgePublisher } from '../../test/federation/sync/forge.ts'

/** What a round with one peer costs when nothing changed: bytes both ways, and processor time of both sides in one process. */
const PUBLISHERS = 2_500
const ROUNDS = 8
const MINUTE = 60_000
const net = 'main'

interface Cost {
  readonly asked: number
  readonly answered: number
  readonly cpuMs: number
}

async function storeOf(records: readonly WellFormedRecord[], name: string, folder: string) {
  const database = await openLevelDatabase(join(folder, name))
  const store = new RecordStore(database)
  for (let i = 0; i < records.length; i += 500) await store.append(records.slice(i, i + 500))
  return { database, store }
}

async function costOf(features: readonly string[], records: readonly WellFormedRecord[]): Promise<Cost> {
  const folder = await mkdtemp(join(tmpdir(), 'hanse-idle-round-'))
  const theirs = await storeOf(records, 'theirs', folder)
  const mine = await storeOf(records, 'mine', folder)
  const world = new World(1)
  const handler = new FeedHandler({
    ...{ store: theirs.store, changes: new HeadChanges(), mayServeFeed: () => true },
    listed: { isListed: () => true, after: () => [] },
  })
  let [asked, answered] = [0, 0]
  const client: FeedClient = {
    features: async () => new Set(features),
    async *request(peer, payload, { signal }) {
      if (parseFeedRequest(payload)?.ask === 'subscribe') return
      asked += payload.length
      for await (const part of handler.handle({ peer, payload, signal })) {
        answered += part.length
        yield part
      }
    },
  }
  const verify = async (envelopes: readonly Uint8Array[]) =>
    envelopes.map(each => parseUnverifiedRecord(each, { net }).record)
  const intake = new Intake({
    ...{ net, store: mine.store, verify },
    ...{ onStored: () => {}, isOwnFeed: () => false, onOwnFeed: () => {} },
  })
  const sync = new SyncDriver({
    ...{ client, intake, clock: world, random: () => 0.5, dropPeer: () => {}, isListed: () => true },
  })
  sync.follow([...new Set(records.map(({ publisher }) => publisher))])
  sync.connected('peer' as PeerId, 'other')
  const settled = async () => {
    while (!sync.idle) await new Promise(setImmediate)
  }
  await settled()
  ;[asked, answered] = [0, 0]
  const before = process.cpuUsage()
  for (let round = 1; round <= ROUNDS; round++) {
    await world.runUntil((round * MINUTE) / 2)
    await settled()
  }
  const { user, system } = process.cpuUsage(before)
  await sync[Symbol.asyncDispose]()
  for (const { database } of [theirs, mine]) await database[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
  return { asked: asked / ROUNDS, answered: answered / ROUNDS, cpuMs: (user + system) / 1_000 / ROUNDS }
}

const records = Array.from({ length: PUBLISHERS }, (_, n) => {
  const { genesis, chain } = forgePublisher(`publisher ${n}`)
  return [genesis, ...chain(1)]
}).flat()
console.log(`one round with one peer, ${PUBLISHERS} publishers, ${2 * PUBLISHERS} feeds, nothing changed`)
for (const [name, features] of [
  ['whole heads', []],
  ['changes', [HEADS_SINCE_FEATURE]],
] as const) {
  const { asked, answered, cpuMs } = await costOf(features, records)
  console.log(`${name.padEnd(12)} asked ${asked} B, answered ${answered} B, ${cpuMs.toFixed(1)} ms of both sides`)
}

import { expect, test } from 'vitest'
import { announcementCodecOf, rangeVerifier } from '../../src/federation/index.ts'
import { VerifiedRecords } from '../../src/federation/search/verified-records.ts'
import { verifyHit } from '../../src/federation/search/verify-hit.ts'
import { joinFromSnapshot } from '../../src/federation/snapshot/join-snapshot.ts'
import { takePack } from '../../src/federation/snapshot/take-pack.ts'
import type { FeedClient } from '../../src/federation/sync/fetch-range.ts'
import { ROUND_MS, WHOLE_HEADS_MS } from '../../src/federation/sync/limits.ts'
import { SyncMachine } from '../../src/federation/sync/machine.ts'
import { askForRange } from '../../src/federation/sync/read-range.ts'
import {
  encodeAnnouncement,
  encodeCanonical,
  encodePackSection,
  encodeRange,
  headOf,
  type PeerId,
  type SearchHit,
  verifySignatures,
  type WellFormedRecord,
} from '../../src/protocol/index.ts'
import { Publisher } from './simulation/cast.ts'

const NET = 'main'
const PEER = 'peer' as PeerId
const p = new Publisher('later version')
/** What this version takes for one of the next: of the frame nothing is known but its version. */
const later = encodeCanonical({ p: encodeCanonical({ v: 2, net: NET }), s: [[237, 0, new Uint8Array(64)]] })
const verify = rangeVerifier({ net: NET, verifySignatures: async checks => verifySignatures(checks) })

async function readOf(...envelopes: Uint8Array[]) {
  const client: FeedClient = {
    async *request() {
      yield encodeRange(envelopes)
    },
  }
  const head = { ...headOf(p.genesis), seq: 9 }
  return await askForRange(client, verify, { peer: PEER, head, from: 1, pinned: false, enoughBytes: 1 }).read
}

test('an announcement of a later version is ignored, and nobody is blamed for it', () => {
  const codec = announcementCodecOf({ net: NET })
  expect(codec.open(encodeAnnouncement({ k: 'record', envelope: later }))).toBe('newer')
  expect(codec.open(encodeAnnouncement({ k: 'head', sealedHead: later }))).toBe('newer')
  expect(codec.open(encodeAnnouncement({ k: 'record', envelope: later.subarray(1) }))).toBe('not an announcement')
})

test('a range ends before the first record of a later version', async () => {
  expect(await readOf(later)).toEqual({ is: 'newer' })
  expect(await readOf(p.genesis.envelope, later)).toMatchObject({ is: 'records', records: [{ id: p.genesis.id }] })
  expect(await readOf(p.genesis.envelope, later, new Uint8Array(9))).toEqual({ is: 'bad' })
})

test('a feed that goes on in a later version is asked for once in half an hour, of each that offers it, and nobody pays', () => {
  const machine = new SyncMachine(() => 0.5)
  const [other] = ['other' as PeerId]
  const head = { ...headOf(p.genesis), seq: 9 }
  machine.follow([p.id], 0)
  for (const peer of [PEER, other]) machine.connected(peer, 'other', 0)
  const asked: PeerId[] = []
  const effects: string[] = []
  for (let now = 0; now < WHOLE_HEADS_MS + 2 * ROUND_MS; now += ROUND_MS)
    for (const peer of [PEER, other]) {
      const [ask] = machine.offered(peer, null, [{ head, pinned: false }], now).filter(each => each.do === 'askRange')
      if (ask === undefined) continue
      asked.push(ask.peer)
      effects.push(...machine.ranged(peer, ask.ask, { is: 'newer' }, now).map(each => each.do))
    }
  expect(asked).toEqual([PEER, other, PEER, other])
  expect(effects).not.toContain('dropPeer')
  expect(machine.sizes).toMatchObject({ wants: 0, newerFeeds: 2 })
})

test('a search hit of a later version is no bad one', async () => {
  const hit = { publisher: p.id, purl: 'pkg:npm/a@1.0.0', envelopes: [later, later, later] } as unknown as SearchHit
  expect(await verifyHit(hit, new VerifiedRecords(NET))).toBe('newer')
})

test('of a pack all is taken but the records of a later version', async () => {
  const stored: WellFormedRecord[] = []
  const intake = {
    verify,
    commit: async (records: readonly WellFormedRecord[]) => {
      stored.push(...records)
      return { stored: records, known: 0, refused: [] }
    },
  }
  const pack = encodePackSection({ publisher: p.id, envelopes: [later, p.genesis.envelope] })
  const ports = { intake, isWanted: () => true, isPublic: () => true }
  expect(await takePack(ports, pack, PEER, new AbortController().signal)).toEqual({ stored: 1, is: 'taken' })
  expect(stored.map(({ id }) => id)).toEqual([p.genesis.id])
})

test('a snapshot of a later version is none', async () => {
  const offences: string[] = []
  const joined = await joinFromSnapshot(
    {
      net: NET,
      protocol: '/hanse/main/snapshot/1',
      streams: {
        async *request() {
          yield later
        },
        reportOffence: (_, code) => offences.push(code),
      },
      intake: { verify, commit: async () => ({ stored: [], known: 0, refused: [] }) },
      ...{ isWanted: () => true, isPublic: () => true, wants: () => true, holders: () => [] },
    },
    PEER,
    new AbortController().signal,
  )
  expect([joined.is, offences]).toEqual(['none', []])
})

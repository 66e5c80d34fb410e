import { sign } from 'node:crypto'
import { expect, test } from 'vitest'
import { announcementCodecOf } from '../../../src/federation/gossip/announcement-codec.ts'
import { GossipDriver } from '../../../src/federation/gossip/driver.ts'
import { PEER_UNKNOWN_MESSAGES, UNKNOWN_FEED_MESSAGES } from '../../../src/federation/gossip/limits.ts'
import { Intake } from '../../../src/federation/sync/intake.ts'
import { rangeVerifier } from '../../../src/federation/sync/verify-range.ts'
import {
  ed25519KeyList,
  encodeAnnouncement,
  headOf,
  MAX_ANNOUNCED_ENVELOPE_BYTES,
  type PeerId,
  parseAnnouncement,
  ROOT_FEED,
  sealHead,
  verifySignaturesOnPool,
} from '../../../src/protocol/index.ts'
import { HandClock } from '../search/hand-clock.ts'
import { Publisher } from '../simulation/cast.ts'
import { keyOf } from '../sync/forge.ts'
import { MemoryFeedStore } from '../sync/memory-feed-store.ts'

const peer = 'peer' as PeerId
const p = new Publisher('acme')
const chain = p.chain(6, null, 'a')

/** A node that follows the publisher and, with `sealHead`, writes its feed. */
function nodeOf() {
  const published: Uint8Array[] = []
  const gaps: string[] = []
  const store = new MemoryFeedStore()
  let judge: (from: PeerId, bytes: Uint8Array) => Promise<string> = async () => 'not listening'
  const gossip = new GossipDriver({
    network: {
      publish: async (_, bytes) => void published.push(bytes),
      onMessage: listener => {
        judge = listener
        return () => {}
      },
    },
    codec: announcementCodecOf({ net: 'main', sealHead: record => p.sealHeadOf(record) }),
    intake: new Intake({
      net: 'main',
      store,
      verify: rangeVerifier({ net: 'main', verifySignatures: verifySignaturesOnPool }),
      onStored: () => {},
      isOwnFeed: () => false,
      onOwnFeed: () => {},
    }),
    clock: new HandClock(),
    isFollowed: () => true,
    mayAnnounce: () => true,
    onGap: (publisher, from) => gaps.push(`${publisher} from ${from}`),
  })
  return { gossip, published, gaps, store, hears: (bytes: Uint8Array) => judge(peer, bytes) }
}

test('a record too long to be announced is announced by its signed head, and fetched from who told', async () => {
  const [writer, reader] = [nodeOf(), nodeOf()]
  const long = chain[5]!
  await writer.gossip.announce(long)
  const [bytes] = writer.published
  expect(long.envelope.length).toBeGreaterThan(MAX_ANNOUNCED_ENVELOPE_BYTES)
  expect(parseAnnouncement(bytes!).k).toBe('head')
  expect(await reader.hears(bytes!)).toBe('accept')
  expect(reader.gaps).toEqual([`${p.id} from ${peer}`])
  expect(reader.store.records.size).toBe(0)
  expect(await reader.hears(bytes!)).toBe('ignore')
})

test('a head signed by another is the fault of who forwards it', async () => {
  const reader = nodeOf()
  const writer = nodeOf()
  await writer.gossip.announce(chain[5]!)
  const forged = Uint8Array.from(writer.published[0]!)
  forged[forged.length - 5]! ^= 1
  expect(await reader.hears(forged)).toBe('reject')
  expect(reader.gaps).toEqual([])
})

test('a stranger who names a record in a head of its own feed does not make that record old news', async () => {
  const reader = nodeOf()
  const stranger = new Publisher('stranger')
  await reader.store.append([p.genesis, p.delegate])
  for (const publisher of [stranger.id, p.id]) {
    const claimed = { publisher, feed: stranger.feed, seq: 1, id: chain[0]!.id }
    const sealedHead = sealHead(claimed, 'main', null, bytes => stranger.sign(bytes))
    expect(await reader.hears(encodeAnnouncement({ k: 'head', sealedHead }))).toBe('accept')
    expect(await reader.hears(encodeAnnouncement({ k: 'head', sealedHead }))).toBe('ignore')
  }
  expect(await reader.hears(encodeAnnouncement({ k: 'record', envelope: chain[0]!.envelope }))).toBe('accept')
})

test('a forged head that names a held record at a place far ahead does not make later news look old', async () => {
  const reader = nodeOf()
  const stranger = new Publisher('stranger')
  await reader.store.append([p.genesis, p.delegate, chain[0]!])
  const far = { ...headOf(chain[0]!), seq: 1_000_000 }
  const sealedHead = sealHead(far, 'main', null, bytes => stranger.sign(bytes))
  expect(await reader.hears(encodeAnnouncement({ k: 'head', sealedHead }))).toBe('ignore')
  expect(await reader.hears(encodeAnnouncement({ k: 'record', envelope: chain[1]!.envelope }))).toBe('accept')
})

test('a stranger who signs feeds of its own under a followed publisher crowds out none of its news', async () => {
  const reader = nodeOf()
  await reader.store.append([p.genesis, p.delegate])
  const keys = Array.from({ length: PEER_UNKNOWN_MESSAGES / UNKNOWN_FEED_MESSAGES + 1 }, (_, n) =>
    keyOf(`stranger ${n}`),
  )
  const answers: string[] = []
  for (const [n, { key, raw, feed }] of keys.entries()) {
    const told = Array.from({ length: UNKNOWN_FEED_MESSAGES }, (_, i) => {
      const head = { publisher: p.id, feed: n % 2 === 0 ? feed : ROOT_FEED, seq: 2 + i, id: chain[1]!.id }
      const rootKey = n % 2 === 0 ? null : ed25519KeyList(raw)
      const sealedHead = sealHead(head, 'main', rootKey, bytes => new Uint8Array(sign(null, bytes, key)))
      return reader.hears(encodeAnnouncement({ k: 'head', sealedHead }))
    })
    answers.push(...(await Promise.all(told)))
  }
  const ignored = UNKNOWN_FEED_MESSAGES
  expect(answers).toEqual([...Array(PEER_UNKNOWN_MESSAGES).fill('accept'), ...Array(ignored).fill('ignore')])
  for (const { envelope } of [p.delegateTo(keyOf('another').raw), chain[0]!])
    expect(await reader.hears(encodeAnnouncement({ k: 'record', envelope }))).toBe('accept')
})

test('news of a followed publisher whose root record is damaged here is passed on, and fetched', async () => {
  const reader = nodeOf()
  await reader.store.append([p.genesis, p.delegate])
  let looked = 0
  reader.store.heads = async () => {
    looked++
    throw new Error('altered on disk')
  }
  const told = encodeAnnouncement({ k: 'record', envelope: chain[0]!.envelope })
  expect(await reader.hears(told)).toBe('accept')
  await reader.gossip[Symbol.asyncDispose]()
  const once = looked
  // What is known costs no look at the disk.
  expect(await reader.hears(told)).toBe('ignore')
  expect(looked).toBe(once)
  expect(reader.gaps).toEqual([`${p.id} from ${peer}`])
})

import { expect, test } from 'vitest'
import type { Joined } from '../../../src/federation/index.ts'
import { SnapshotJoiner } from '../../../src/node/snapshots/index.ts'
import {
  HOLD_BACK_MS,
  MIN_MISSING_PUBLISHERS,
  PEER_WAIT_MS,
  RETRY_MS,
  SNAPSHOT_AGE_MS,
} from '../../../src/node/snapshots/limits.ts'
import type { PeerId, PublisherId } from '../../../src/protocol/index.ts'
import { settled, TestClock } from '../../federation/streams/duplex-pair.ts'

const publishersOf = (word: string): readonly PublisherId[] =>
  Array.from({ length: MIN_MISSING_PUBLISHERS }, (_, n) => `${word}-${n}` as PublisherId)
const followed = publishersOf('publisher')

/** A joiner of which each peer does with a join what `peers` says; of one that joined everything but `lacking` is held. */
function world(peers: Readonly<Record<string, (signal: AbortSignal) => Promise<Joined['is']>>>, lacking = 0) {
  const clock = new TestClock()
  let held: ReadonlySet<PublisherId> = new Set()
  const wanted: number[] = []
  const asked: string[] = []
  const failed: unknown[] = []
  let overs = 0
  const joiner = new SnapshotJoiner({
    join: async (peer, missing, signal) => {
      asked.push(peer)
      wanted.push(missing.size)
      const is = await peers[peer]!(signal)
      if (is === 'joined' && peer !== 'empty') held = new Set(followed.slice(lacking))
      return { is, packs: is === 'joined' && peer !== 'empty' ? 1 : 0, stored: 0 }
    },
    held: () => held,
    peers: () => Object.keys(peers) as PeerId[],
    onOver: () => overs++,
    onFailed: error => failed.push(error),
    clock,
  })
  return { joiner, clock, asked, wanted, failed, overs: () => overs }
}

/** Serves for ever, until nobody wants it any more. */
const endless = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
const joined = async () => 'joined' as const
const nothing = MIN_MISSING_PUBLISHERS

test('feeds wait for a snapshot that never ends for ten minutes, and it is tried again as much later', async () => {
  const { joiner, clock, asked, failed, overs } = world({ slow: endless })
  expect(joiner.ready(followed)).toEqual([])
  await clock.pass(HOLD_BACK_MS - 1)
  expect(joiner.ready(followed)).toEqual([])
  await clock.pass(1)
  expect(overs()).toBe(1)
  expect(failed).toHaveLength(1)
  expect(joiner.ready(followed)).toEqual(followed)
  await clock.pass(RETRY_MS)
  expect(joiner.ready(followed)).toEqual([])
  expect(asked).toEqual(['slow', 'slow'])
  await joiner[Symbol.asyncDispose]()
})

test('whoever is followed while a snapshot is taken in does not wait for it', async () => {
  const { joiner } = world({ slow: endless })
  const later = 'later' as PublisherId
  expect(joiner.ready(followed)).toEqual([])
  expect(joiner.ready([...followed, later])).toEqual([later])
  await joiner[Symbol.asyncDispose]()
})

test('peers are asked one after the other until one had a whole snapshot; without any, feeds wait five seconds', async () => {
  const { joiner, asked } = world({ a: async () => 'none', b: async () => 'joined', c: async () => 'joined' })
  joiner.ready(followed)
  await settled()
  expect(asked).toEqual(['a', 'b'])
  expect(joiner.ready(followed)).toEqual(followed)
  const alone = world({})
  expect(alone.joiner.ready(followed)).toEqual([])
  await alone.clock.pass(PEER_WAIT_MS)
  expect(alone.joiner.ready(followed)).toEqual(followed)
})

test('a snapshot that has nothing of what is missing is not the last one, one that leaves a few to be asked for is', async () => {
  const { joiner, asked, wanted } = world({ empty: joined, full: joined, later: joined }, 1)
  joiner.ready(followed)
  await settled()
  await settled()
  expect(asked).toEqual(['empty', 'full'])
  expect(wanted).toEqual([MIN_MISSING_PUBLISHERS, MIN_MISSING_PUBLISHERS])
  await joiner[Symbol.asyncDispose]()
})

test('whom no snapshot has is sought in each once, and again when makers made new ones', async () => {
  const { joiner, clock, asked, wanted } = world({ a: joined, b: joined, c: joined }, nothing)
  const change = async (followed: readonly PublisherId[]) => {
    joiner.ready(followed)
    await clock.pass(PEER_WAIT_MS)
    expect(joiner.ready(followed)).toEqual(followed)
    await clock.pass(RETRY_MS)
  }
  for (let n = 0; n < 6; n++) await change(followed)
  expect(asked).toEqual(['a', 'b', 'c'])
  const both = [...followed, ...publishersOf('later')]
  await change(both)
  await change(both)
  expect(wanted).toEqual(Array(6).fill(MIN_MISSING_PUBLISHERS))
  await clock.pass(SNAPSHOT_AGE_MS)
  await change(both)
  expect(wanted.slice(6)).toEqual(Array(3).fill(both.length))
  await joiner[Symbol.asyncDispose]()
})

test.each<[string, Parameters<typeof world>[0]]>([
  ['all snapshots are empty', { empty: joined }],
  ['no snapshot came whole', { a: async () => 'failed', b: async () => 'none' }],
])('it is tried again after ten minutes if %s', async (_, peers) => {
  const { joiner, clock, asked } = world(peers, nothing)
  joiner.ready(followed)
  await clock.pass(RETRY_MS + PEER_WAIT_MS)
  expect(joiner.ready(followed)).toEqual([])
  await settled()
  expect(asked).toEqual([...Object.keys(peers), ...Object.keys(peers)])
  await joiner[Symbol.asyncDispose]()
})

test('whom one snapshot does not have is not sought in it again because the next never ends', async () => {
  const { joiner, clock, asked } = world({ a: joined, slow: endless }, nothing)
  joiner.ready(followed)
  await clock.pass(HOLD_BACK_MS)
  await clock.pass(RETRY_MS)
  expect(joiner.ready(followed)).toEqual(followed)
  expect(asked).toEqual(['a', 'slow'])
  await joiner[Symbol.asyncDispose]()
})

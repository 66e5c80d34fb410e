import { sign } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RootAuthority } from '../../../src/federation/sync/root-authority.ts'
import { type AdmittedKeys, AdmittedRoot } from '../../../src/federation/sync/root-keys.ts'
import {
  buildGenesis,
  buildRootRecord,
  ed25519KeyList,
  foldPublisher,
  keyListDigestOf,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { keyOf } from './forge.ts'
import { MemoryFeedStore } from './memory-feed-store.ts'
import { NaiveAuthority } from './naive-authority.ts'

const NET = 'main'
/** Key n is the heir of key n - 1: each rotate hands the root on to the next. */
const keys = Array.from({ length: 4 }, (_, n) => keyOf(`root ${n}`))
const digestOf = (n: number) => keyListDigestOf(ed25519KeyList(keys[n % keys.length]!.raw))
const signer = (n: number) => (bytes: Uint8Array) => new Uint8Array(sign(null, bytes, keys[n]!.key))
const genesis = buildGenesis(
  { net: NET, ts: 1, rootKey: keys[0]!.raw, recoveryKeyDigest: digestOf(1), salt: new Uint8Array(16) },
  signer(0),
)

function rootRecord(prev: WellFormedRecord, by: number, isRotate: boolean, ts: number): WellFormedRecord {
  const writer = keyOf('writer')
  const body = isRotate
    ? {
        typ: 'rotate' as const,
        keys: [ed25519KeyList(keys[by]!.raw)],
        threshold: 1,
        next: [],
        recovery: [digestOf(by + 1)],
        salt: new Uint8Array(16),
      }
    : {
        typ: 'void' as const,
        feed: writer.feed,
        from: 2,
        head: genesis.id,
        reason: '',
      }
  const place = { net: NET, publisher: genesis.publisher, seq: prev.seq + 1, prev: prev.id, ts }
  return buildRootRecord({ ...place, by: ed25519KeyList(keys[by]!.raw), body }, signer(by))
}

/** A tree of root records: each after an earlier one, by a key that is current, heir or neither; most extend the newest. */
const trees = fc
  .array(
    fc.record({
      after: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(20) }),
      by: fc.nat(keys.length - 1),
      isRotate: fc.boolean(),
    }),
    { minLength: 1, maxLength: 24 },
  )
  .map(steps => {
    const made = [genesis]
    for (const [i, { after, by, isRotate }] of steps.entries())
      made.push(rootRecord(made[Math.max(0, made.length - 1 - after)]!, by, isRotate, i + 2))
    return made
  })

test('judges as one that keeps the keys after every root record, however it is interrupted', async () => {
  await fc.assert(
    fc.asyncProperty(trees, fc.infiniteStream(fc.nat(9)), async (tree, chance) => {
      const store = new MemoryFeedStore()
      const authority = new RootAuthority(store, NET)
      const naive = new NaiveAuthority()
      const roll = () => chance.next().value
      const arriving = [...tree.filter(() => roll() > 1), ...tree]
      for (const record of arriving) {
        const verdict = naive.admit(record)
        expect(await authority.admit(record)).toBe(verdict)
        if (verdict === 'admitted') await store.append([record], { pinned: true })
        if (roll() < 3) authority.forget(genesis.publisher)
      }
    }),
    { numRuns: 150 },
  )
})

test('admits the rest of a chain that is not stored yet', async () => {
  const authority = new RootAuthority(new MemoryFeedStore(), NET)
  const [second, third] = chainOf(2)
  for (const record of [genesis, second!, third!]) expect(await authority.admit(record)).toBe('admitted')
})

test('asks the store again after it failed', async () => {
  const store = new MemoryFeedStore()
  const { heads } = store
  store.heads = async () => Promise.reject(new Error('disk'))
  const authority = new RootAuthority(store, NET)
  await expect(authority.admit(genesis)).rejects.toThrow('disk')
  store.heads = heads
  expect(await authority.admit(genesis)).toBe('admitted')
})

test('looks up no more than one place of a long feed to admit a branch that leaves it early', async () => {
  const store = new MemoryFeedStore()
  const long = [genesis, ...chainOf(40)]
  await store.append(long)
  const authority = new RootAuthority(store, NET)
  await authority.admit(long.at(-1)!)
  let asked = 0
  const { range } = store
  store.range = (publisher, feed, at) => {
    asked++
    return range.call(store, publisher, feed, at)
  }
  expect(await authority.admit(rootRecord(long[3]!, 0, false, 99))).toBe('admitted')
  expect(await authority.admit(rootRecord(long[3]!, 2, false, 99))).toBe('usurped')
  expect(asked).toBe(2)
})

/** A rotate that names the key which signs it as its own heir: the fold counts it by its `recovery` alone. */
function rotate(prev: WellFormedRecord, by: number, says: { keys: number; next: number[]; recovery: number }) {
  const place = { net: NET, publisher: genesis.publisher, seq: prev.seq + 1, prev: prev.id, ts: prev.ts + 1 }
  const body = {
    ...{ typ: 'rotate' as const, threshold: 1, salt: new Uint8Array(16), keys: [ed25519KeyList(keys[says.keys]!.raw)] },
    ...{ next: says.next.map(digestOf), recovery: [digestOf(says.recovery)] },
  }
  return buildRootRecord({ ...place, by: ed25519KeyList(keys[by]!.raw), body }, signer(by))
}

test('lets in what the fold counts after a rotate by a current key that is announced as the next one, too', async () => {
  const first = rotate(genesis, 1, { keys: 2, next: [2], recovery: 1 })
  // Signed by the current key 2, an heir besides: to the fold an ordinary record, which changes no key.
  const second = rotate(first, 2, { keys: 3, next: [], recovery: 3 })
  const third = rootRecord(second, 2, false, 9)
  const chain = [genesis, first, second, third]
  expect(foldPublisher(genesis.publisher, chain).feeds[0]).toMatchObject({ end: 5, head: third.id })
  const authority = new RootAuthority(new MemoryFeedStore(), NET)
  for (const record of chain) expect(await authority.admit(record)).toBe('admitted')
})

test('never refuses a record that the fold counts', () => {
  const step = fc.record({ by: fc.nat(3), keys: fc.nat(3), next: fc.uniqueArray(fc.nat(3)), recovery: fc.nat(3) })
  const kind = fc.constantFrom('rotate', 'unknown rotate', 'other')
  fc.assert(
    fc.property(fc.array(fc.tuple(step, kind), { minLength: 1, maxLength: 8 }), steps => {
      const chain = [genesis]
      for (const [says, is] of steps) {
        const prev = chain.at(-1)!
        const made = is === 'other' ? rootRecord(prev, says.by, false, 9) : rotate(prev, says.by, says)
        chain.push(is === 'unknown rotate' ? { ...made, understood: null } : made)
      }
      const counted = (foldPublisher(genesis.publisher, chain).feeds[0]?.end ?? 1) - 1
      const root = new AdmittedRoot()
      let after: AdmittedKeys | null = null
      for (const record of chain.slice(0, counted)) {
        after = root.admit(record, after)
        expect(after).not.toBeNull()
      }
    }),
    { numRuns: 300 },
  )
})

function chainOf(length: number): WellFormedRecord[] {
  const made: WellFormedRecord[] = []
  for (let i = 0; i < length; i++) made.push(rootRecord(made.at(-1) ?? genesis, 0, false, i + 2))
  return made
}

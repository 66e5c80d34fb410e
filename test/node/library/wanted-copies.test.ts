import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decideCopy } from '../../../src/node/library/wanted-copies.ts'
import type { PeerId, Sha256 } from '../../../src/protocol/index.ts'
import { copyGroup } from './copy-group.ts'

const hex = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength, maxLength })
const peers = fc.uniqueArray(hex(4, 8), { minLength: 1, maxLength: 16 }) as fc.Arbitrary<unknown> as fc.Arbitrary<
  PeerId[]
>
const digest = hex(64, 64) as fc.Arbitrary<unknown> as fc.Arbitrary<Sha256>
const wanted = fc.integer({ min: 2, max: 16 })

test('mirrors that know of each other take exactly the copies that are missing, in one round', () => {
  fc.assert(
    fc.property(peers, digest, wanted, fc.nat(16), (all, sha256, count, held) => {
      const holders = new Set(all.slice(0, Math.min(held, all.length)))
      const taking = all
        .filter(peer => !holders.has(peer))
        .filter(self => decideCopy({ self, sha256, wanted: count, holders, mirrors: all, rounds: 0 }) === 'take')
      expect(holders.size + taking.length).toBe(Math.max(holders.size, Math.min(count, all.length)))
    }),
  )
})

test('whoever else is thought to come first, after seven rounds anybody takes a missing copy', () => {
  fc.assert(
    fc.property(digest, wanted, (sha256, count) => {
      const mirrors = Array.from({ length: 128 }, (_, i) => `dead${i}` as PeerId)
      const decision = decideCopy({
        self: 'me' as PeerId,
        sha256,
        wanted: count,
        holders: new Set(),
        mirrors,
        rounds: 7,
      })
      expect(decision).toBe('take')
    }),
  )
})

test('of five hundred mirrors those alone are looked at that it takes to know who comes first', () => {
  let looked = 0
  const mirrors = function* () {
    for (let i = 0; i < 500; i++) {
      looked++
      yield `other${i}` as PeerId
    }
  }
  const decisions = Array.from({ length: 200 }, (_, n) => {
    const sha256 = n.toString(16).padStart(64, '0') as Sha256
    return decideCopy({ self: 'me' as PeerId, sha256, wanted: 3, holders: new Set(), mirrors: mirrors(), rounds: 0 })
  })
  expect(decisions.filter(each => each === 'take').length).toBeLessThan(10)
  expect(looked).toBeLessThan(200 * 50)
})

test('for any mirrors and failures every artifact comes to min(wanted, mirrors) holders, with few superfluous fetches', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 8 }),
      wanted,
      fc.array(fc.record({ kind: fc.constantFrom('die', 'ghost', 'lose'), who: fc.nat(7), after: fc.nat(2) }), {
        maxLength: 6,
      }),
      async (mirrors, copies, failures) => {
        const group = copyGroup({ mirrors, copies, artifacts: 12 })
        let lost = 0
        for (const { kind, who, after } of failures) {
          for (let i = 0; i < after; i++) await group.round()
          const names = [...group.alive.keys()]
          const peer = names[who % names.length]!
          const before = group.state().sum
          if (kind === 'lose') group.lose(peer, cid => Number(cid.slice(3)) % 2 === 0)
          else if (names.length > 1) group.kill(peer, kind === 'ghost')
          lost += before - group.state().sum
        }
        for (let i = 0; i < 8; i++) await group.round()
        const { least, fetches } = group.state()
        const enough = Math.min(copies, group.alive.size)
        expect(least).toBeGreaterThanOrEqual(enough)
        // Little is fetched that was not missing: dead mirrors that pass for living ones cost some, and what goes while others wait a
        // round for it already may be taken by one too many.
        const ghosts = failures.filter(({ kind }) => kind === 'ghost').length
        expect(fetches).toBeLessThanOrEqual(12 * (Math.min(copies, mirrors) + failures.length + 8 * ghosts) + lost)
      },
    ),
    { numRuns: 60 },
  )
})

test('eight mirrors that want three copies share the load, and lose two of themselves without losing a copy for long', async () => {
  const group = copyGroup({ mirrors: 8, copies: 3, artifacts: 800 })
  await group.round()
  expect(group.state()).toMatchObject({ least: 3, most: 3, fetches: 2_400 })
  // 300 each on average.
  for (const { held } of group.alive.values()) expect(Math.abs(held.size - 300)).toBeLessThan(100)
  group.kill('peer2' as PeerId)
  group.kill('peer5' as PeerId)
  const missing = 2_400 - group.state().sum
  expect(missing).toBeGreaterThan(400)
  await group.round()
  expect(group.state()).toMatchObject({ least: 3, most: 3, fetches: 2_400 + missing })
})

test('mirrors that pass for living ones keep a copy missing for some rounds, not for ever', async () => {
  const group = copyGroup({ mirrors: 8, copies: 3, artifacts: 100 })
  await group.round()
  group.kill('peer2' as PeerId, true)
  group.kill('peer5' as PeerId, true)
  for (let i = 0; i < 5; i++) await group.round()
  expect(group.state().least).toBe(3)
})

import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contradict, digestTextsOf, parseDigest, statedDigestOf } from '../../../src/node/sharing/digest-text.ts'
import { disputeAmong, type Voice } from '../../../src/node/sharing/origin-dispute.ts'

const digestOf = (algorithm: 'sha512' | 'sha1', word: string) =>
  `${algorithm}-${createHash(algorithm).update(word).digest('base64')}`
const words = ['a', 'b', 'c']
const digest = fc
  .tuple(fc.constantFrom('sha512' as const, 'sha1' as const), fc.constantFrom(...words))
  .map(([algorithm, word]) => digestOf(algorithm, word))
/** A voice that may say two digests of one content, as an upstream does. */
const voice: fc.Arbitrary<Voice> = fc.record({
  name: fc.constantFrom('npmjs', 'this node', 'harbour', 'office', 'mill'),
  digests: fc.oneof(
    digest.map(one => [one]),
    fc.constantFrom(...words).map(word => [digestOf('sha512', word), digestOf('sha1', word)]),
  ),
  silencedBy: fc.constantFrom(null, 'hanse disallow harbour --for origin'),
})
const voices = fc.array(voice, { maxLength: 8 })

describe('a dispute', () => {
  test('is there exactly when two words cannot both be true', () => {
    fc.assert(
      fc.property(voices, all => {
        const isDisputed = all.some(a => all.some(b => contradict(a.digests, b.digests)))
        expect(disputeAmong(all) !== null).toBe(isDisputed)
      }),
    )
  })

  test('is told in the same words whoever spoke first', () => {
    fc.assert(
      fc.property(
        voices.chain(all => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([all, shuffled]) => {
          expect(disputeAmong(shuffled)).toBe(disputeAmong(all))
        },
      ),
    )
  })

  test('does not end because somebody repeats what was said', () => {
    fc.assert(
      fc.property(voices, fc.nat(), (all, at) => {
        const again = all[at % Math.max(1, all.length)]
        if (again !== undefined) expect(disputeAmong([...all, again])).toBe(disputeAmong(all))
      }),
    )
  })

  test('names everyone, what they say and the command that no longer counts one', () => {
    const said = disputeAmong([
      { name: 'npmjs', digests: [digestOf('sha512', 'a'), digestOf('sha1', 'a')], silencedBy: null },
      { name: 'this node', digests: [digestOf('sha512', 'a')], silencedBy: null },
      { name: 'harbour', digests: [digestOf('sha512', 'b')], silencedBy: 'hanse disallow harbour --for origin' },
    ])
    for (const part of ['npmjs', 'this node', 'harbour says sha512-', 'hanse disallow harbour --for origin']) {
      expect(said).toContain(part)
    }
  })
})

describe('digests', () => {
  test('of different algorithms say nothing about each other', () => {
    expect(contradict([digestOf('sha1', 'a')], [digestOf('sha512', 'b')])).toBe(false)
    expect(contradict([digestOf('sha1', 'a')], [digestOf('sha512', 'b'), digestOf('sha1', 'b')])).toBe(true)
    expect(contradict([digestOf('sha1', 'a')], [digestOf('sha512', 'a'), digestOf('sha1', 'a')])).toBe(false)
  })

  test('are stated in one spelling, the strongest that a document names', () => {
    const integrity = digestOf('sha512', 'a')
    const shasum = createHash('sha1').update('a').digest('hex')
    expect(statedDigestOf({ integrity: `${digestOf('sha1', 'a')} ${integrity}?x`, shasum })).toBe(integrity)
    expect(statedDigestOf({ shasum })).toBe(digestOf('sha1', 'a'))
    expect(digestTextsOf({ integrity, shasum })).toEqual([integrity, digestOf('sha1', 'a')])
    expect(statedDigestOf({ integrity: 'md5-AAAA' })).toBeNull()
  })

  test('that a stranger makes up are none', () => {
    for (const text of ['', 'sha512-', 'sha512-AAAA', 'sha999-AAAA', '__proto__', `sha512-${'A'.repeat(10_000)}`]) {
      expect(parseDigest(text)).toBeNull()
    }
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Mergeable, mergeHits } from '../../../src/federation/search/merge-hits.ts'

const hit = (name: string, description = '', publisher = 'acme'): Mergeable => ({
  publisher,
  package: `pkg:npm/${name}`,
  name,
  description,
  keywords: [],
})
const order = (text: string, local: Mergeable[], federated: Mergeable[]): string[] =>
  mergeHits(text, local, federated).map(({ hit }) => `${hit.source} ${hit.value.name}`)

describe('merging local and federated hits', () => {
  it('ranks a better federated hit above a local one', () => {
    expect(order('express', [hit('web', 'like express')], [hit('express')])).toEqual(['federated express', 'local web'])
  })

  it('keeps one hit per publisher and package, the local one', () => {
    const merged = mergeHits('express', [hit('express')], [hit('express'), hit('express', '', 'other')])
    expect(merged.map(({ hit }) => `${hit.source} ${hit.value.publisher}`)).toEqual(['local acme', 'federated other'])
  })

  it('forgives a typo and looks at descriptions', () => {
    const federated = [hit('koa', 'something else'), hit('express', 'minimalist web framework')]
    expect(order('expres', [], federated)[0]).toBe('federated express')
    expect(order('web framework', [], federated)[0]).toBe('federated express')
  })

  it('prefers a hit that has all the words to one that has one of them in its name', () => {
    const all = hit('zzz', 'a small web framework for servers')
    expect(order('web framework servers', [], [hit('web'), hit('servers', 'rent them'), all])[0]).toBe('federated zzz')
  })

  it('gives the exact name to those nearest to this node: a stranger’s copy stands below them', () => {
    const copy = { ...hit('lodash', 'the official lodash', 'stranger'), keywords: ['lodash'] }
    const allowed = { ...hit('lodash', 'utilities', 'allowed'), closeness: 0.8 }
    expect(order('lodash', [], [copy, allowed])).toEqual(['federated lodash', 'federated lodash'])
    const [first, second] = mergeHits('lodash', [], [copy, allowed])
    expect(first!.hit.value.publisher).toBe('allowed')
    expect(first!.score - second!.score).toBeGreaterThan(1)
    expect(mergeHits('lodash', [hit('lodash', 'held here')], [copy])[0]!.hit.source).toBe('local')
    // While nobody nearer has the name, a stranger's is what was asked for.
    expect(mergeHits('lodash', [hit('lodash-es')], [copy])[0]!.hit.value.publisher).toBe('stranger')
  })

  it('lets nobody gain by stuffing keywords and descriptions', () => {
    const honest = { ...hit('http-client', 'talks to servers', 'honest'), keywords: ['http', 'request'] }
    const many = Array.from({ length: 200 }, (_, i) => `word${i}`)
    const stuffed = (keywords: string[]) => ({ ...hit('zzz', 'http '.repeat(500), 'stuffer'), keywords })
    const scoreOf = (value: Mergeable) => mergeHits('http', [], [value])[0]!.score
    expect(scoreOf(stuffed(Array(500).fill('HTTP')))).toBe(scoreOf(stuffed(['http'])))
    expect(scoreOf(stuffed([...many, 'http']))).toBe(scoreOf(stuffed(many)))
    expect(mergeHits('http', [], [stuffed(Array(500).fill('http')), honest])[0]!.hit.value.publisher).toBe('honest')
  })

  it('never rises in score towards the end, and loses and repeats nothing', () => {
    const made = fc.record({
      name: fc.constantFrom('pad', 'left-pad', 'padding', 'other'),
      publisher: fc.constantFrom('a', 'b', 'c', 'd'),
      from: fc.subarray(['P', 'Q', 'R']),
      package: fc.integer({ min: 0, max: 60 }).map(i => `pkg:npm/p${i}`),
    })
    fc.assert(
      fc.property(fc.array(made, { maxLength: 60 }), fc.array(made, { maxLength: 10 }), (federated, local) => {
        const whole = (hits: typeof federated) => hits.map(each => ({ ...hit(each.name), ...each }))
        const merged = mergeHits('pad', whole(local), whole(federated))
        const keys = merged.map(({ hit: { value } }) => `${value.publisher} ${value.package}`)
        expect(new Set(keys)).toEqual(
          new Set([...local, ...federated].map(each => `${each.publisher} ${each.package}`)),
        )
        expect(new Set(keys).size).toBe(keys.length)
        for (let i = 1; i < merged.length; i++) expect(merged[i]!.score).toBeLessThanOrEqual(merged[i - 1]!.score)
      }),
    )
  })

  it('takes any query', () => {
    for (const text of ['', '🦄', '__proto__', 'x'.repeat(5000), Array(500).fill('word').join(' ')]) {
      expect(mergeHits(text, [hit('a')], [hit('__proto__', 'x'.repeat(5000))])).toHaveLength(2)
    }
  })
})

describe('a stranger that matches better than all others', () => {
  const flood = (count: number, of: (i: number) => Partial<Mergeable>) =>
    Array.from({ length: count }, (_, i) => ({ ...hit(`pad-${i}`, 'pad', 'flood'), ...of(i) }))
  const honest = Array.from({ length: 8 }, (_, i) => ({ ...hit(`other-${i}`, 'a pad', `h${i}`), from: [`P${i}`] }))
  const firstTen = (federated: Mergeable[]) =>
    mergeHits('pad', [], federated)
      .slice(0, 10)
      .filter(({ hit: { value } }) => value.name.startsWith('pad-')).length

  it('has three of the first ten hits with one publisher, and three with many publishers and one peer', () => {
    expect(firstTen([...flood(20, () => ({})), ...honest])).toBe(3)
    expect(firstTen([...flood(20, i => ({ publisher: `f${i}`, from: ['X'] })), ...honest])).toBe(3)
  })

  it('has more of them when others sent its hits too, it is near to this node, or there is little else', () => {
    const also = (i: number) => ({ publisher: `f${i}`, from: ['X', `P${i}`] })
    expect(firstTen([...flood(20, also), ...honest])).toBe(10)
    expect(firstTen([...flood(20, () => ({ closeness: 0.5 })), ...honest])).toBe(10)
    expect(firstTen([...flood(20, () => ({})), ...honest.slice(0, 2)])).toBe(8)
    const unlike = honest.map(each => ({ ...each, description: 'nothing of the kind' }))
    expect(firstTen([...flood(20, () => ({})), ...unlike])).toBe(10)
  })
})

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

  it('takes any query', () => {
    for (const text of ['', '🦄', '__proto__', 'x'.repeat(5000), Array(500).fill('word').join(' ')]) {
      expect(mergeHits(text, [hit('a')], [hit('__proto__', 'x'.repeat(5000))])).toHaveLength(2)
    }
  })
})

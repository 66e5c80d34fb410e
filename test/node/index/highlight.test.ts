import fc from 'fast-check'
import { expect, test } from 'vitest'
import { highlightsOf } from '../../../src/node/index/index.ts'

/** What of one document stands out. */
function marked(words: readonly string[], name: string, description = ''): Record<string, string[]> {
  const [highlights] = highlightsOf(words, [{ name, description }])
  const texts = { name, description }
  return Object.fromEntries(
    highlights!.map(({ field, ranges }) => [field, ranges.map(([from, to]) => texts[field].slice(from, to))]),
  )
}

test('the words of a query stand out where words begin with them', () => {
  expect(marked(['rope', 'knots'], '@acme/rope', 'Rope: ropes, europe and a knot')).toEqual({
    name: ['rope'],
    description: ['Rope', 'rope', 'knot'],
  })
  expect(marked(['stream', 'json'], 'JSONStream')).toEqual({ name: ['JSONStream'] })
  expect(marked(['漢字'], 'x', '漢字と漢字')).toEqual({ description: ['漢字', '漢字'] })
  expect(marked(['x'], 'x', 'x')).toEqual({})
})

test('a word that no hit has as it was typed is a typo, and what it stands for stands out', () => {
  expect(marked(['framewrok'], 'web', 'a small framework').description?.join('')).toContain('frame')
  const hits = [
    { name: 'rope', description: 'a rope' },
    { name: 'ripe', description: 'fruit' },
  ]
  expect(highlightsOf(['rope'], hits)[1]).toEqual([])
})

test('ranges are in order, apart, and within the text, whatever is in it', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 })
  const word = fc.constantFrom('ab', 'a', 'İi', 'ss', '漢', 'the', 'rope', '\ud800x')
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), text, text, (words, name, description) => {
      for (const { field, ranges } of highlightsOf(words, [{ name, description }])[0]!) {
        let end = -1
        for (const [from, to] of ranges) {
          expect(from).toBeGreaterThan(end)
          expect(to).toBeGreaterThan(from)
          expect(to).toBeLessThanOrEqual({ name, description }[field].length)
          end = to
        }
      }
    }),
  )
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileFilter, MAX_FILTER_VALUES, parseSearchText, queryTokensOf } from '../../../src/node/index/index.ts'
import { documentOf } from './documents.ts'

const NOTHING = { types: [], publishers: [], licenses: [], keywords: [], phrases: [], without: [], is: [] }

/** What is not empty of a parsed text. */
function parsed(text: string): object {
  return Object.fromEntries(
    Object.entries(parseSearchText(text)).filter(([, value]) =>
      Array.isArray(value) ? value.length > 0 : value !== '',
    ),
  )
}

describe('a search text', () => {
  it.each([
    ['left pad', { text: 'left pad' }],
    ['  left\u3000pad\n', { text: 'left pad' }],
    ['"left pad" node', { text: 'left pad node', phrases: ['left pad'] }],
    ['type:npm fetch', { types: ['npm'], text: 'fetch' }],
    ['TYPE:npm,pypi type:cargo', { types: ['npm', 'pypi', 'cargo'] }],
    ['license:MIT licence:"Apache-2.0 OR MIT"', { licenses: ['MIT', 'Apache-2.0 OR MIT'] }],
    ['publisher:acme keyword:cli keywords:a,b', { publishers: ['acme'], keywords: ['cli', 'a', 'b'] }],
    ['keyword:"command line"', { keywords: ['command line'] }],
    ['is:allowed is:Mirrored,own', { is: ['allowed', 'mirrored', 'own'] }],
    ['rope -knots -"a phrase"', { text: 'rope', without: ['knots', 'a phrase'] }],
    ['-@types/node', { without: ['@types/node'] }],
    ['“curly quotes”', { text: 'curly quotes', phrases: ['curly quotes'] }],
    ['cli cli type:npm type:npm', { text: 'cli cli', types: ['npm'] }],
  ])('%j is taken apart', (text, expected) => {
    expect(parsed(text)).toEqual(expected)
  })

  it.each([
    '@types/node',
    'std::vector',
    'http://x',
    'foo:bar',
    'constructor:x',
    '__proto__:x',
    '--verbose',
    '- -) :',
    'c++',
  ])('%j is words as it stands', text => expect(parsed(text)).toEqual({ text }))

  it.each([
    ['"left pad', 'left pad'],
    ['left" pad', 'left  pad'.replace('  ', ' ')],
    ['-"left pad', 'pad'],
    ['x "" ""', 'x'],
    ['foo:"bar baz"', 'foo: bar baz'],
  ])('%j, whose quotes are odd, is words', (text, words) => {
    expect(parseSearchText(text).text.replaceAll(/\s+/g, ' ')).toBe(words)
  })

  it('says what it did not understand, and searches for the rest', () => {
    const { text, notes, ...lists } = parseSearchText('rope is:shiny type:"" -type:npm keyword:')
    expect(lists).toEqual(NOTHING)
    expect(text).toBe('rope keyword:')
    expect(notes).toEqual([
      'is:shiny was left out: there are allowed, mirrored, followed, own',
      'type:"" was left out: it needs a value, as in type:npm',
      '-type:npm was left out: only words and phrases can be excluded',
      'keyword: has no value and is a word like others; keyword:cli is a filter',
    ])
  })

  it('names a package with its type where the reader of names knows it', () => {
    const packageOf = (text: string) => (text.startsWith('npm:') ? { type: 'npm', name: text.slice(4) } : null)
    expect(parseSearchText('npm:@acme/x std::vector', packageOf)).toMatchObject({
      ...{ text: '@acme/x std::vector', types: ['npm'] },
    })
  })

  it('counts so many values of each filter, and says so', () => {
    const { types, notes } = parseSearchText(Array.from({ length: 40 }, (_, i) => `type:t${i}`).join(' '))
    expect(types).toHaveLength(MAX_FILTER_VALUES)
    expect(notes).toEqual([`types: the first ${MAX_FILTER_VALUES} of 40 count`])
  })

  it('of any kind is read in bounds and without a throw', () => {
    const piece = fc.constantFrom(
      '"',
      '-',
      ':',
      ',',
      ' ',
      'type:',
      'is:',
      '-"',
      '__proto__',
      '🦀',
      '漢字',
      '\ud800',
      'a',
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.array(piece, { maxLength: 60 }).map(all => all.join('')),
    )
    fc.assert(
      fc.property(text, given => {
        const { text: words, notes, ...lists } = parseSearchText(given)
        expect(words).not.toContain('"')
        expect(notes.length).toBeLessThanOrEqual(MAX_FILTER_VALUES)
        for (const list of Object.values(lists)) {
          expect(list.length).toBeLessThanOrEqual(MAX_FILTER_VALUES)
          expect(list).not.toContain('')
        }
        expect(typeof compileFilter(lists)(documentOf('x'))).toBe('boolean')
      }),
    )
  })

  it('loses no word that is no operator’s', () => {
    const word = fc.stringMatching(/^[a-z]{1,8}$/)
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), words => {
        expect(parseSearchText(words.join(' ')).text).toBe(words.join(' '))
        expect(parseSearchText(`type:npm ${words.join(' is:own ')} -not`).text).toBe(words.join(' '))
      }),
    )
  })

  it('of 5,000 characters or 500 words is read as far as the engine reads', () => {
    for (const text of [
      '"'.repeat(5_001),
      'a"'.repeat(3_000),
      'a:'.repeat(3_000),
      '-"'.repeat(3_000),
      'x '.repeat(5_000),
    ])
      expect(queryTokensOf(parseSearchText(text).text).length).toBeLessThanOrEqual(16)
    expect(parseSearchText('tide '.repeat(500)).text.split(' ')).toHaveLength(500)
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Document, openSearchIndex, type SearchIndex } from '../../../src/node/index/index.ts'
import { MAX_EXPANSIONS, MAX_QUERY_TOKENS, RERANK_DEPTH } from '../../../src/node/index/limits.ts'
import { documentOf, openDatabase } from './documents.ts'
import { generatedName, generatedPackage } from './generated-packages.ts'
import { watchedStore } from './watched-store.ts'

const PACKAGES: Document[] = [
  ...Array.from({ length: 1_500 }, (_, number) => generatedPackage(number)),
  documentOf('q', 'an asynchronous library', { popularity: 5_000 }),
  documentOf('quince', 'jam', { popularity: 9 }),
  documentOf('xylophone', 'percussion', { popularity: 9 }),
  documentOf('__proto__', 'an x of objects', { popularity: 3 }),
  documentOf('constructor', 'builds what it is told', { popularity: 3 }),
  documentOf('kanji-tool', '軽量な包管理ツール'),
  documentOf('包裹', 'a name of two letters'),
  documentOf('unicorn', 'an animal 🦄 of legend'),
  documentOf('the-who', 'the of and'),
]
/** Reads of a query that names every token it may: the pages of each term and of what may stand for it, and the documents ranked. */
const MAX_READS = (MAX_QUERY_TOKENS + 1) * (MAX_EXPANSIONS + 2) * 2 + RERANK_DEPTH
const LIMIT = 20

describe.each(['in the delta', 'in the base'])('with documents %s', place => {
  const stack = new AsyncDisposableStack()
  let index: SearchIndex
  let watched: ReturnType<typeof watchedStore>
  beforeAll(async () => {
    const database = stack.use(await openDatabase())
    watched = watchedStore(database.store)
    index = stack.use(await openSearchIndex(watched.store))
    for (const document of PACKAGES) await database.store.batch(index.upsert(document))
    if (place === 'in the base') await index.merge()
  })
  afterAll(() => stack.disposeAsync())

  /** Names found, best first; what the query cost is held against the bound. */
  function namesOf(text: string): string[] {
    watched.read.length = 0
    const hits = index.search({ text, limit: LIMIT })
    expect(watched.read.length).toBeLessThanOrEqual(MAX_READS)
    expect(hits.length).toBeLessThanOrEqual(LIMIT)
    expect(new Set(hits.map(({ document }) => document.key)).size).toBe(hits.length)
    for (const { score } of hits) expect(Number.isFinite(score)).toBe(true)
    return hits.map(({ document }) => document.name)
  }

  it.each(['', ' ', '\n\t', '!?', '"', '""', "'", '---', '\u0000', '\ud800', '🦄', '🦄🦄 👩‍👩‍👧'])(
    'nothing is asked by %j, and nothing found',
    text => expect(namesOf(text)).toEqual([]),
  )

  it('one letter finds the name that it is first, then what begins with it or has it', () => {
    expect(namesOf('q')[0]).toBe('q')
    expect(namesOf('Q')[0]).toBe('q')
    for (const name of namesOf('q')) expect(textOf(name)).toMatch(/(^|\W)q/i)
  })

  it('one letter that no name is finds the name that begins with it, then who has it as a word', () => {
    expect(namesOf('x')).toEqual(['xylophone', '__proto__'])
  })

  it('stop words alone find who has them, and cost no more than other words', () => {
    expect(namesOf('the of and')[0]).toBe('the-who')
    for (const text of ['the', 'a', 'and in', 'a library that']) {
      for (const name of namesOf(text)) expect(textOf(name)).toMatch(/\b(the|a|and|in|library|that)/i)
    }
  })

  it('5,000 characters without a space find nothing, and of 5,000 with spaces the first words count', () => {
    expect(namesOf('z'.repeat(5_000))).toEqual([])
    const name = generatedName(700)
    expect(namesOf(`${name} ${'zzyzx '.repeat(800)}`)[0]).toBe(name)
    expect(namesOf(`${name}${' '.repeat(5_000)}`)).toEqual(namesOf(name))
    expect(namesOf(`${' '.repeat(5_000)}${name}`)).toEqual(namesOf(name))
  })

  it('as many different words as fit are bounded', () => {
    const words = PACKAGES.slice(0, 500).map(({ description }) => description.split(' ').at(-1))
    namesOf(words.join(' '))
    namesOf(PACKAGES.map(({ name }) => name).join(' '))
  })

  it('emoji beside words do not matter', () => {
    expect(namesOf('🦄 unicorn 🦄')[0]).toBe('unicorn')
    expect(namesOf('legend🦄animal')[0]).toBe('unicorn')
  })

  it('Chinese and Japanese words are found inside runs without spaces', () => {
    expect(namesOf('包管理')[0]).toBe('kanji-tool')
    expect(namesOf('ツール')[0]).toBe('kanji-tool')
    expect(namesOf('包裹')[0]).toBe('包裹')
    expect(namesOf('軽量 unicorn')).toEqual(expect.arrayContaining(['kanji-tool', 'unicorn']))
  })

  it('names of object properties are names like others', () => {
    expect(namesOf('__proto__')[0]).toBe('__proto__')
    expect(namesOf('constructor')[0]).toBe('constructor')
    for (const text of ['toString', 'hasOwnProperty', 'valueOf', '__defineGetter__', 'prototype']) namesOf(text)
  })

  it('a word 500 times is that word', () => {
    for (const word of ['parser', 'xylophone', 'calendars', 'q', '管理', '__proto__']) {
      expect([word, namesOf(Array(500).fill(word).join(' '))]).toEqual([word, namesOf(word)])
    }
  })

  it('unbalanced quotes, brackets and operators are the words between them', () => {
    const name = 'xylophone'
    for (const text of [
      `"${name}`,
      `${name}"`,
      `'${name}`,
      `("${name}`,
      `"""${name}" "`,
      `${name} -`,
      `|${name}=^$!`,
    ]) {
      expect([text, namesOf(text)[0]]).toEqual([text, name])
    }
    expect(namesOf('"percussion xylophone')[0]).toBe(name)
  })

  it('a text of letters in any form finds the same', () => {
    expect(namesOf('ＸＹＬＯＰＨＯＮＥ')[0]).toBe('xylophone')
    expect(namesOf('XyLoPhOnE')[0]).toBe('xylophone')
  })

  it('a lookup of an odd key finds nothing', () => {
    for (const key of ['', '__proto__', '\ud800', 'x'.repeat(5_000), '\u0000']) expect(index.lookup(key)).toBeNull()
  })

  function textOf(name: string): string {
    const found = PACKAGES.find(document => document.name === name)
    return `${found?.name} ${found?.keywords.join(' ')} ${found?.description}`
  }
})

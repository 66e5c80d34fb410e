import type { SearchFilter } from './filter.ts'

/** How a package's publisher may stand to this node. */
export const IS_WORDS = ['allowed', 'mirrored', 'followed', 'own'] as const
export type IsWord = (typeof IS_WORDS)[number]

/** What a person typed, taken apart; publishers are as typed, names or ids. */
export interface ParsedQuery extends Required<SearchFilter> {
  /** The words to be ranked by, those of phrases too, as they were typed. */
  readonly text: string
  /** All of which the package's publisher is to this node. */
  readonly is: readonly IsWord[]
  /** What was not understood and therefore left out, a sentence each. */
  readonly notes: readonly string[]
}

/** Characters that are read: what the API takes. */
const MAX_TEXT_CHARS = 5_000
/** Values of each filter that count; a search compares every candidate with each. */
export const MAX_FILTER_VALUES = 16
/** Characters of what is repeated in a note. */
const MAX_TOLD_CHARS = 40

/** `-`, `word:` and a value in quotes or up to the next white space. */
const PART = /(-?)(?:([a-z][a-z0-9.+-]*):)?(?:"([^"]*)"|(\S+))/giy
/** What phones and word processors write for a quote. */
const CURLY_QUOTES = /[\u201c-\u201f\u2033\u301d-\u301f\uff02]/g

const FILTERS = {
  type: 'types',
  license: 'licenses',
  licence: 'licenses',
  publisher: 'publishers',
  keyword: 'keywords',
  keywords: 'keywords',
} as const satisfies Record<string, keyof SearchFilter>
const filterNamed = (name: string): keyof SearchFilter | null =>
  Object.hasOwn(FILTERS, name) ? FILTERS[name as keyof typeof FILTERS] : null

type Lists = { -readonly [K in keyof Required<SearchFilter>]: string[] } & { is: string[] }
interface Reading {
  readonly words: string[]
  readonly lists: Lists
  readonly notes: Set<string>
  /** The type and name of `npm:@acme/x` or a package URL; null for any other text. */
  readonly packageOf: PackageReader
}
type PackageReader = (text: string) => { readonly type: string; readonly name: string } | null

/**
 * Takes a search text apart: words, `"phrases"`, `-word`, `-"phrase"`, `type:`, `license:`, `publisher:`, `keyword:` and `is:`, whose
 * values may be lists with commas or in quotes. Never throws: whatever is no operator is words, so that `@types/node`, `std::vector`,
 * `http://x` and a quote that is not closed search for what they say. With `packageOf`, `npm:@acme/x` is `type:npm @acme/x`.
 */
export function parseSearchText(text: string, packageOf: PackageReader = () => null): ParsedQuery {
  const lists: Lists = { types: [], publishers: [], licenses: [], keywords: [], phrases: [], without: [], is: [] }
  const reading: Reading = { words: [], lists, notes: new Set(), packageOf }
  for (const part of partsOf(text.slice(0, MAX_TEXT_CHARS).replace(CURLY_QUOTES, '"'))) read(part, reading)
  return parsedOf(reading)
}

interface Part {
  readonly whole: string
  readonly excluded: boolean
  /** Lower case; null: none. */
  readonly operator: string | null
  readonly value: string
  readonly quoted: boolean
}

function* partsOf(text: string): Generator<Part> {
  const space = /\s*/y
  for (let at = 0; ; ) {
    space.lastIndex = at
    PART.lastIndex = at + (space.exec(text)?.[0].length ?? 0)
    const match = PART.exec(text)
    if (match === null) return
    at = PART.lastIndex
    const [whole, minus, operator, phrase, rest = ''] = match
    yield {
      whole,
      excluded: minus === '-',
      operator: operator?.toLowerCase() ?? null,
      value: phrase ?? rest,
      quoted: phrase !== undefined,
    }
  }
}

function read(part: Part, reading: Reading): void {
  const { operator } = part
  if (operator !== null && (operator === 'is' || filterNamed(operator) !== null)) readOperator(part, operator, reading)
  else if (part.excluded) readExcluded(part, reading)
  else readWords(part, reading)
}

function readOperator({ whole, excluded, value }: Part, operator: string, { lists, notes }: Reading): void {
  const told = whole.slice(0, MAX_TOLD_CHARS)
  const values = value
    .split(',')
    .map(each => each.trim().replaceAll('"', ''))
    .filter(each => each !== '')
  if (excluded) notes.add(`${told} was left out: only words and phrases can be excluded`)
  else if (values.length === 0) notes.add(`${told} was left out: it needs a value, as in ${exampleOf(operator)}`)
  else if (operator === 'is') readIs(values, lists, notes)
  else lists[filterNamed(operator)!].push(...values)
}

/** How a filter is written; null: there is none of this name. */
const exampleOf = (operator: string): string | null =>
  Object.hasOwn(EXAMPLES, operator) ? EXAMPLES[operator as keyof typeof EXAMPLES] : null
const EXAMPLES = {
  type: 'type:npm',
  license: 'license:MIT',
  licence: 'licence:MIT',
  publisher: 'publisher:acme',
  keyword: 'keyword:cli',
  keywords: 'keywords:cli',
  is: 'is:allowed',
}

function readIs(values: readonly string[], lists: Lists, notes: Set<string>): void {
  for (const value of values) {
    const word = value.toLowerCase()
    if (IS_WORDS.some(each => each === word)) lists.is.push(word)
    else notes.add(`is:${value.slice(0, MAX_TOLD_CHARS)} was left out: there are ${IS_WORDS.join(', ')}`)
  }
}

/** `--verbose` and `-)` are words. */
function readExcluded({ whole, value, operator }: Part, { words, lists }: Reading): void {
  if (!/^-[\p{L}\p{N}"@]/u.test(whole)) words.push(whole)
  else lists.without.push(withoutQuotes(operator === null ? value : whole.slice(1)))
}

function readWords({ whole, value, operator, quoted }: Part, { words, lists, notes, packageOf }: Reading): void {
  const named = quoted || operator === null ? null : packageOf(whole)
  if (named !== null) {
    lists.types.push(named.type)
    words.push(named.name)
  } else if (quoted && operator === null) {
    words.push(value)
    lists.phrases.push(value.trim())
  } else {
    words.push(whole)
    const example = whole.endsWith(':') ? exampleOf(whole.slice(0, -1).toLowerCase()) : null
    if (example !== null) notes.add(`${whole} has no value and is a word like others; ${example} is a filter`)
  }
}

function parsedOf({ words, lists, notes }: Reading): ParsedQuery {
  for (const [name, values] of Object.entries(lists) as [keyof Lists, string[]][]) {
    const distinct = [...new Set(values)].filter(value => value !== '')
    lists[name] = distinct.slice(0, MAX_FILTER_VALUES)
    if (distinct.length > MAX_FILTER_VALUES)
      notes.add(`${name}: the first ${MAX_FILTER_VALUES} of ${distinct.length} count`)
  }
  const text = words
    .map(withoutQuotes)
    .filter(word => word !== '')
    .join(' ')
  return { ...lists, is: lists.is as IsWord[], text, notes: [...notes].slice(0, MAX_FILTER_VALUES) }
}

const withoutQuotes = (text: string): string => text.replaceAll('"', ' ').trim()

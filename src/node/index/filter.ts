import type { Document } from './document.ts'
import { stemOf } from './porter.ts'
import { textWordsOf, wordsOf } from './tokenise.ts'

/** What every hit must be. An empty list asks for nothing. */
export interface SearchFilter {
  /** Package URL types, one of which it has. */
  readonly types?: readonly string[]
  /** Publishers, one of whom it comes from. */
  readonly publishers?: readonly string[]
  /** SPDX identifiers, one of which its licence names; case does not matter, `GPL-3.0` is also `GPL-3.0-or-later`. */
  readonly licenses?: readonly string[]
  /** Keywords, all of which it has; case and endings do not matter. */
  readonly keywords?: readonly string[]
  /** Runs of words, all of which stand in its name, one of its keywords or its description. */
  readonly phrases?: readonly string[]
  /** Words and runs of words, none of which it has. */
  readonly without?: readonly string[]
}

/** What a filter looks at; a verified hit of a peer has it too. */
export type Filterable = Pick<Document, 'type' | 'publisher' | 'license' | 'keywords' | 'name' | 'description'>

/** Whether documents fit a filter; the filter is read once. */
export function compileFilter(filter: SearchFilter): (document: Filterable) => boolean {
  const { types, publishers, licenses, keywords, phrases, without } = filter
  const tests: Test[] = []
  if (types?.length) tests.push(oneOf(types, ({ type }) => type))
  if (publishers?.length) tests.push(oneOf(publishers, ({ publisher }) => publisher))
  if (licenses?.length) tests.push(licenseTestOf(licenses))
  const [wanted, unwanted, named] = [runsOf(phrases), runsOf(without), runsOf(keywords)]
  if (named.length > 0) tests.push(keywordTestOf(named))
  if (wanted.length + unwanted.length > 0) tests.push(wordTestOf(wanted, unwanted))
  return document => tests.every(test => test(document))
}

type Test = (document: Filterable) => boolean

/** Words that follow each other. */
interface Run {
  readonly stems: readonly string[]
  /** How each word begins whose stem it is: a text without these has no such words, which is seen before it is taken apart. */
  readonly begins: readonly string[]
}

function oneOf(values: readonly string[], columnOf: (document: Filterable) => string): Test {
  const wanted = new Set(values)
  return document => wanted.has(columnOf(document))
}

/** Operators of SPDX expressions are no licences. */
const SPDX_OPERATORS = new Set(['', 'and', 'or', 'with'])

/** Documents share few licences, so that each expression is taken apart once. */
function licenseTestOf(identifiers: readonly string[]): Test {
  const answers = new Map<string, boolean>()
  return ({ license }) => {
    const known = answers.get(license)
    if (known !== undefined) return known
    const answer = namesLicense(license, identifiers)
    answers.set(license, answer)
    return answer
  }
}

/** Whether an SPDX expression names one of these identifiers, or is one of these expressions. */
export function namesLicense(expression: string, identifiers: readonly string[]): boolean {
  const lower = expression.toLowerCase()
  const wanted = identifiers.map(spacedOnce).filter(each => lower.includes(each.split(' ')[0]!))
  // Most expressions are not taken apart at all.
  if (wanted.length === 0) return false
  const names = licensesIn(lower)
  return wanted.some(each => names.includes(each))
}

const spacedOnce = (text: string): string => text.trim().replace(/\s+/g, ' ').toLowerCase()

/** What an SPDX expression may be asked for by, lower case: itself whole, each licence, and that without `-only`, `-or-later` and `+`. */
function licensesIn(expression: string): string[] {
  const whole = spacedOnce(expression)
  const named = whole.split(/[\s()/]+/).filter(each => !SPDX_OPERATORS.has(each))
  return [whole, ...named, ...named.map(each => each.replace(/-only$|-or-later$|\+$/, ''))]
}

/** Letters at the end of a stem that its words may not have: `visibility` is `visibl`, `ponies` is `poni`. */
const CHANGED_LETTERS = 3

/** The runs of words that these texts are; a text without words is none. */
function runsOf(texts: readonly string[] = []): Run[] {
  const runs = texts.map(text => wordsOf(text).map(stemOf)).filter(stems => stems.length > 0)
  const begins = (stem: string) => stem.slice(0, Math.max(1, stem.length - CHANGED_LETTERS))
  return runs.map(stems => ({ stems, begins: stems.map(begins) }))
}

/** A text of a document, its words taken apart when they are first asked for. */
interface Text {
  readonly folded: string
  words: readonly string[] | null
  /** Stems of the words that were asked for. */
  readonly stems: string[]
  readonly whole: string
}

const textOf = (whole: string): Text => ({
  folded: whole.normalize('NFKC').toLowerCase(),
  words: null,
  stems: [],
  whole,
})

function wordTestOf(wanted: readonly Run[], unwanted: readonly Run[]): Test {
  return ({ name, keywords, description }) => {
    const texts = [name, ...keywords, description].map(textOf)
    const has = (run: Run) => texts.some(text => hasRun(text, run))
    return wanted.every(has) && !unwanted.some(has)
  }
}

function keywordTestOf(wanted: readonly Run[]): Test {
  return ({ keywords }) => {
    const texts = keywords.map(textOf)
    return wanted.every(run => texts.some(text => hasRun(text, run) && text.words?.length === run.stems.length))
  }
}

/** Whether words follow each other in a text whose stems are these. */
function hasRun(text: Text, { stems, begins }: Run): boolean {
  if (!begins.every(begin => text.folded.includes(begin))) return false
  text.words ??= textWordsOf(text.whole)
  const { words } = text
  for (let from = 0; from + stems.length <= words.length; from++) {
    if (stems.every((stem, i) => hasStem(words, text.stems, from + i, stem))) return true
  }
  return false
}

/** A stem keeps the first letter of its word, which spares most words the stemmer. */
function hasStem(words: readonly string[], stems: string[], at: number, stem: string): boolean {
  if (words[at]!.charCodeAt(0) !== stem.charCodeAt(0)) return false
  stems[at] ??= stemOf(words[at]!)
  return stems[at] === stem
}

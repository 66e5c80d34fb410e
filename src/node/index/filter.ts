import type { Document } from './document.ts'
import { stemOf } from './porter.ts'
import { nameWordsOf, wordsOf } from './tokenise.ts'

/** What every hit must be. An empty list asks for nothing. */
export interface SearchFilter {
  /** Package URL types, one of which it has. */
  readonly types?: readonly string[]
  /** Publishers, one of whom it comes from. */
  readonly publishers?: readonly string[]
  /** SPDX identifiers, one of which its licence names; case does not matter. */
  readonly licenses?: readonly string[]
  /** Keywords, all of which it has; case does not matter. */
  readonly keywords?: readonly string[]
  /** Runs of words, all of which stand in its name, one of its keywords or its description. */
  readonly phrases?: readonly string[]
  /** Words, none of which it has. */
  readonly without?: readonly string[]
}

/** What a filter looks at; a verified hit of a peer has it too. */
export type Filterable = Pick<Document, 'type' | 'publisher' | 'license' | 'keywords' | 'name' | 'description'>

/** Whether documents fit a filter; the filter is read once. */
export function compileFilter(filter: SearchFilter): (document: Filterable) => boolean {
  const tests = [...columnTestsOf(filter), ...wordTestsOf(filter)]
  return document => tests.every(test => test(document))
}

/** Whether an SPDX expression names one of these identifiers. */
export function namesLicense(expression: string, identifiers: readonly string[]): boolean {
  const named = expression.toLowerCase().split(/[\s()+]+/)
  return identifiers.some(identifier => named.includes(identifier.toLowerCase()))
}

type Test = (document: Filterable) => boolean

function columnTestsOf({ types, publishers, licenses }: SearchFilter): Test[] {
  const tests: Test[] = []
  if (types?.length) tests.push(({ type }) => types.includes(type))
  if (publishers?.length) tests.push(({ publisher }) => publishers.includes(publisher))
  if (licenses?.length) tests.push(({ license }) => namesLicense(license, licenses))
  return tests
}

function wordTestsOf({ keywords, phrases, without }: SearchFilter): Test[] {
  const tests: Test[] = []
  for (const keyword of keywords?.map(stemsOf) ?? []) {
    tests.push(document => document.keywords.some(each => stemsOf(each) === keyword))
  }
  for (const phrase of phrases?.map(stemsOf) ?? []) {
    tests.push(document => textsOf(document).some(text => text.includes(phrase)))
  }
  const unwanted = without?.map(stemsOf) ?? []
  if (unwanted.length > 0) {
    tests.push(document => {
      const texts = textsOf(document)
      return !unwanted.some(words => texts.some(text => text.includes(words)))
    })
  }
  return tests
}

/** Stems of a text, each between spaces, so that a run of words is a substring. */
const stemsOf = (text: string): string => ` ${wordsOf(text).map(stemOf).join(' ')} `

const textsOf = ({ name, keywords, description }: Filterable): string[] => [
  ` ${nameWordsOf(name).map(stemOf).join(' ')} `,
  ...keywords.map(stemsOf),
  stemsOf(description),
]

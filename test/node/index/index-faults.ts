import { isDeepStrictEqual } from 'node:util'
import {
  BASES_RANGE,
  baseKeysOf,
  LOG_RANGE,
  logNumberOf,
  META_KEY,
  type Meta,
} from '../../../src/node/index/base-layout.ts'
import type { Document, SearchFilter, SearchIndex, SearchStore } from '../../../src/node/index/index.ts'
import { parseStoredJson } from '../../../src/node/index/search-store.ts'
import { Chance } from '../../corruption/chance.ts'
import { misspelt } from './generated-packages.ts'

/** Faults named at most: one broken index would name every document. */
const MAX_FAULTS = 20

/** What is wrong with an index that should hold exactly these documents. */
export function faultsOf(index: SearchIndex, documents: readonly Document[], seed: number): string[] {
  const faults: string[] = []
  const { needsRebuild, documents: count } = index.stats()
  if (needsRebuild) faults.push('asks for a rebuild')
  if (count !== documents.length) faults.push(`counts ${count} documents instead of ${documents.length}`)
  const expected = new Map(documents.map(document => [document.key, document]))
  for (const document of documents) {
    if (!isDeepStrictEqual(index.lookup(document.key), document)) faults.push(`lookup of ${document.key} differs`)
  }
  for (const { name, key } of sampleOf(documents, seed)) {
    const keys = index.search({ text: name, limit: 5 }).map(hit => hit.document.key)
    if (!keys.includes(key)) faults.push(`${name} is not found by its name`)
  }
  for (const query of queriesOf(documents, seed)) {
    for (const { document } of index.search(query)) {
      if (!isDeepStrictEqual(expected.get(document.key), document)) faults.push(`${query.text} shows ${document.key}`)
    }
  }
  return faults.slice(0, MAX_FAULTS)
}

/** Where two indexes answer differently: hits, order or scores. */
export function differencesOf(a: SearchIndex, b: SearchIndex, documents: readonly Document[], seed: number): string[] {
  const differs = queriesOf(documents, seed).filter(query => !isDeepStrictEqual(a.search(query), b.search(query)))
  return differs.map(query => `not the rebuild's answer to ${JSON.stringify(query)}`).slice(0, MAX_FAULTS)
}

/** Keys of the index's sublevel that neither the base that counts nor the log behind it explains. */
export async function leftoversOf(store: SearchStore): Promise<string[]> {
  const meta = parseStoredJson(store.getSync(META_KEY)) as Meta | null
  const { gte, lt } = baseKeysOf(meta?.generation ?? 0).range
  const mayStay = (key: string): boolean => {
    if (key >= LOG_RANGE.gte && key < LOG_RANGE.lt) return logNumberOf(key) > (meta?.mergedThrough ?? 0)
    if (key >= BASES_RANGE.gte && key < BASES_RANGE.lt) return meta !== null && key >= gte && key < lt
    return key === META_KEY
  }
  const leftovers: string[] = []
  for await (const [key] of store.iterator({ gte: '', lt: '\uffff' })) {
    if (!mayStay(key)) leftovers.push(`left behind: ${key}`)
  }
  return leftovers.slice(0, MAX_FAULTS)
}

interface Query {
  readonly text: string
  readonly limit: number
  readonly publicOnly?: boolean
  readonly filter?: SearchFilter
}

/** Names, typos, beginnings, words of descriptions and filters, of some of the documents. */
function queriesOf(documents: readonly Document[], seed: number): Query[] {
  const chance = new Chance(seed)
  return sampleOf(documents, seed, 12).flatMap(({ name, description, type, publisher, license }) => {
    const words = description.split(' ').slice(-6)
    return [
      { text: name, limit: 20 },
      { text: misspelt(name, chance), limit: 20 },
      { text: name.slice(0, 4), limit: 100 },
      { text: words.join(' '), limit: 20 },
      { text: words.at(-1)!, limit: 100, filter: { types: [type], publishers: [publisher] } },
      { text: words[0]!, limit: 100, publicOnly: true, filter: { licenses: [license], without: [words.at(-1)!] } },
    ]
  })
}

function sampleOf(documents: readonly Document[], seed: number, size = 100): Document[] {
  const chance = new Chance(seed + 1)
  if (documents.length === 0) return []
  return Array.from({ length: Math.min(size, documents.length) }, () => chance.pick(documents))
}

/** Opens a database, checks it, then changes and merges it until it is killed. Run with `Orders` as JSON. */

import { writeSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { META_KEY } from '../../../../src/node/index/base-layout.ts'
import { type Document, openSearchIndex, type SearchStore } from '../../../../src/node/index/index.ts'
import { openLevelDatabase } from '../../../../src/node/storage/index.ts'
import { Chance } from '../../../corruption/chance.ts'
import { differencesOf, faultsOf, leftoversOf } from '../index-faults.ts'
import type { Message, Orders } from './messages.ts'
import { type Change, openRecordDatabase, type RecordDatabase } from './record-database.ts'

const FILL_BATCH = 250
const MAX_CHANGES = 6

const orders = JSON.parse(process.argv[2]!) as Orders
const chance = new Chance(orders.seed)
let batches = 0
tell({ say: 'opening' })
const faults = orders.fill ? [] : await check()
const opened = await openRecordDatabase(orders.folder, observed)
faults.push(...(await leftoversOf(opened.store)))
const records = await opened.records()
const revisions = new Map([...records].map(([number, { version }]) => [number, Number.parseInt(version, 10)]))
tell({ say: 'found', records: [...revisions], faults })
if (orders.checkOnly) await opened[Symbol.asyncDispose]()
else {
  if (orders.fill) await fill(opened)
  await Promise.all([change(opened), merge(opened)])
}

/** Compares a copy of the database with a rebuild of its records; the copy is then merged, as a rebuild is. */
async function check(): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'hanse-crash-check-'))
  try {
    await cp(orders.folder, join(folder, 'copy'), { recursive: true })
    await using copy = await openRecordDatabase(join(folder, 'copy'))
    const documents = [...(await copy.records()).values()]
    const found = faultsOf(copy.index, documents, orders.seed)
    await using empty = await openLevelDatabase(join(folder, 'rebuilt'))
    await using rebuilt = await openSearchIndex(empty.table('index'))
    await rebuilt.rebuild(streamOf(documents))
    await copy.index.merge()
    found.push(...faultsOf(copy.index, documents, orders.seed).map(fault => `merged: ${fault}`))
    found.push(...differencesOf(copy.index, rebuilt, documents, orders.seed))
    return found
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function fill({ commit }: RecordDatabase): Promise<void> {
  const numbers = Array.from({ length: orders.packages }, (_, number) => number)
  for (let from = 0; from < numbers.length; from += FILL_BATCH) {
    await apply(
      commit,
      numbers.slice(from, from + FILL_BATCH).map(number => [number, 0]),
    )
  }
}

/** Changes random packages for ever. */
async function change({ commit }: RecordDatabase): Promise<never> {
  for (;;) await apply(commit, randomChanges())
}

function randomChanges(): Change[] {
  const numbers = Array.from({ length: 1 + chance.below(MAX_CHANGES) }, () => chance.below(orders.packages))
  return [...new Set(numbers)].map(number => [number, isRemoved() ? null : (revisions.get(number) ?? 0) + 1])
}

/** One change in four. */
function isRemoved(): boolean {
  return chance.below(4) === 0
}

async function apply(commit: RecordDatabase['commit'], changes: readonly Change[]): Promise<void> {
  const batch = ++batches
  tell({ say: 'changing', batch, changes })
  for (const [number, revision] of changes) {
    if (revision === null) revisions.delete(number)
    else revisions.set(number, revision)
  }
  await commit(changes)
  tell({ say: 'changed', batch })
}

/** Merges for ever, each time with a change of its own at least. */
async function merge({ index, commit }: RecordDatabase): Promise<never> {
  for (;;) {
    await apply(commit, randomChanges())
    tell({ say: 'merging' })
    const began = performance.now()
    await index.merge()
    tell({ say: 'merged', tookMs: performance.now() - began })
  }
}

/** The store itself, which tells when the new base is made to count and when that is done. */
function observed(store: SearchStore): SearchStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (name === 'batch') return (...args: Parameters<SearchStore['batch']>) => batch(target, ...args)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

async function batch(store: SearchStore, ...args: Parameters<SearchStore['batch']>): Promise<void> {
  const swaps = args[0].some(({ key }) => key === META_KEY)
  if (swaps) tell({ say: 'swapping' })
  await store.batch(...args)
  if (swaps) tell({ say: 'cleaning' })
}

/** Written before anything else happens: what was told before the kill is all there is. */
function tell(message: Message): void {
  let text = Buffer.from(`${JSON.stringify(message)}\n`)
  while (text.length > 0) {
    try {
      text = text.subarray(writeSync(1, text))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

async function* streamOf(documents: readonly Document[]): AsyncGenerator<Document> {
  yield* documents
}

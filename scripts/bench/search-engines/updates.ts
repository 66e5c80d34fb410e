import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Document } from '../../../src/node/index/index.ts'
import { meanOf, rankOf, reciprocalOf } from './class-figures.ts'
import { type CorpusPackage, HITS } from './contender.ts'
import { changedText, newPackage } from './made-changes.ts'
import { documentOf, openOurs } from './ours-contender.ts'
import type { JudgedQuery } from './query-file.ts'
import type { SeededRandom } from './seeded-random.ts'
import { tableOf } from './table.ts'

const NEW = 2_000
const DELETED = 200
const CHANGED = 200
/** MRR that a class may lose. */
const MAX_LOSS = 0.01

/** What was held against what must be. */
export interface UpdateCheck {
  readonly what: string
  readonly found: string
  readonly isRight: boolean
}

export interface UpdateVerdict {
  readonly checks: readonly UpdateCheck[]
  readonly isRight: boolean
  readonly table: string
}

type Ours = Awaited<ReturnType<typeof openOurs>>
type Classes = ReadonlyMap<string, readonly JudgedQuery[]>

/** The changes that are made, and by which they are found again. */
interface Changes {
  readonly added: readonly Document[]
  readonly deleted: readonly Document[]
  readonly changed: readonly Document[]
}

/** Changes a copy of our index and judges what it finds: at once, after a restart and after a merge. */
export async function judgeUpdates(
  folder: string,
  classes: Classes,
  sample: readonly CorpusPackage[],
  random: SeededRandom,
): Promise<UpdateVerdict> {
  const copy = join(folder, 'ours-updated')
  await rm(copy, { recursive: true, force: true })
  await cp(join(folder, 'ours'), copy, { recursive: true })
  const changes = changesOf(sample, random)
  const touched = new Set([...changes.deleted, ...changes.changed].map(({ name }) => name))
  const judged = judgedOf(classes, touched)
  const checks: UpdateCheck[] = []
  let before: ReadonlyMap<string, number>
  {
    await using ours = await openOurs(copy)
    before = mrrOf(ours, judged)
    checks.push(...(await applied(ours, changes)))
    checks.push(...checksOf(ours, changes, 'after all changes'))
  }
  await using ours = await openOurs(copy)
  checks.push(
    ...checksOf(ours, changes, 'after a restart'),
    ...mrrChecks(before, mrrOf(ours, judged), 'after a restart'),
  )
  await ours.index.merge()
  checks.push(...checksOf(ours, changes, 'after a merge'), ...mrrChecks(before, mrrOf(ours, judged), 'after a merge'))
  return { checks, isRight: checks.every(({ isRight }) => isRight), table: tableOfChecks(checks) }
}

function changesOf(sample: readonly CorpusPackage[], random: SeededRandom): Changes {
  const picked = random.shuffled(sample)
  const added = Array.from({ length: NEW }, (_, at) => documentOf(newPackage(sample, at, random)))
  const deleted = picked.slice(0, DELETED).map(documentOf)
  const changed = picked
    .slice(DELETED, DELETED + CHANGED)
    .map((each, at) => ({ ...documentOf(each), description: changedText(at, random) }))
  return { added, deleted, changed }
}

/** Makes the changes one by one, each asked for right after it was made. */
async function applied(ours: Ours, { added, deleted, changed }: Changes): Promise<UpdateCheck[]> {
  const { index, write } = ours
  const counts = { added: 0, deleted: 0, changed: 0 }
  for (const document of added) {
    await write(index.upsert(document))
    if (isFirst(ours, document.name, document)) counts.added++
  }
  for (const document of deleted) {
    await write(index.remove(document.key))
    if (isGone(ours, document)) counts.deleted++
  }
  for (const document of changed) {
    await write(index.upsert(document))
    if (isFirst(ours, document.description, document)) counts.changed++
  }
  return [
    countCheck('new, found first by its name at once', counts.added, added.length),
    countCheck('deleted, not found at once', counts.deleted, deleted.length),
    countCheck('changed, found first by its new words at once', counts.changed, changed.length),
  ]
}

function checksOf(ours: Ours, { added, deleted, changed }: Changes, when: string): UpdateCheck[] {
  const count = (documents: readonly Document[], isRight: (document: Document) => boolean) =>
    [documents.filter(isRight).length, documents.length] as const
  return [
    countCheck(`new, found first by its name ${when}`, ...count(added, each => isFirst(ours, each.name, each))),
    countCheck(`deleted, not found ${when}`, ...count(deleted, each => isGone(ours, each))),
    countCheck(
      `changed, found first by its new words ${when}`,
      ...count(changed, each => isFirst(ours, each.description, each)),
    ),
  ]
}

const isFirst = ({ index }: Ours, text: string, { key, description }: Document): boolean => {
  const [first] = index.search({ text, limit: 1 })
  return first?.document.key === key && first.document.description === description
}

const isGone = ({ index }: Ours, { key, name }: Document): boolean =>
  index.lookup(key) === null && index.search({ text: name, limit: HITS }).every(hit => hit.document.key !== key)

const countCheck = (what: string, right: number, of: number): UpdateCheck => ({
  what,
  found: `${right} of ${of}`,
  isRight: right === of,
})

/** The queries with a wanted package that no change touches. */
const judgedOf = (classes: Classes, touched: ReadonlySet<string>): Classes =>
  new Map(
    [...classes].map(([name, queries]) => [
      name,
      queries.filter(({ wanted }) => wanted !== null && !touched.has(wanted)),
    ]),
  )

function mrrOf({ index }: Ours, classes: Classes): ReadonlyMap<string, number> {
  const figures = new Map<string, number>()
  for (const [name, queries] of classes) {
    const ranks = queries.map(({ text, wanted }) => {
      const names = index.search({ text, limit: HITS }).map(({ document }) => document.name)
      return reciprocalOf(rankOf(wanted ?? '', names))
    })
    const mrr = meanOf(ranks)
    if (mrr !== null) figures.set(name, mrr)
  }
  return figures
}

function mrrChecks(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  when: string,
): UpdateCheck[] {
  return [...before].map(([name, mrr]) => {
    const now = after.get(name) ?? 0
    return {
      what: `MRR@10 of ${name} ${when}`,
      found: `${mrr.toFixed(3)}, then ${now.toFixed(3)}`,
      isRight: mrr - now <= MAX_LOSS,
    }
  })
}

const tableOfChecks = (checks: readonly UpdateCheck[]): string =>
  tableOf(
    ['changes of ours', 'found', 'right'],
    checks.map(({ what, found, isRight }) => [what, found, isRight ? 'yes' : 'no']),
  )

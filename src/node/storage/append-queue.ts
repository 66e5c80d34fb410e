import type { Appended } from '../../federation/index.ts'
import type { PublisherId, WellFormedRecord } from '../../protocol/index.ts'
import { type AppendOptions, AppendPlan, feedKeyOf, idsToLookUp } from './append-plan.ts'
import { decodeFeedTree } from './feed-tree.ts'
import { forgetRecords } from './forget-publisher.ts'
import type { LevelDatabase } from './level-database.ts'
import { MAX_READ_AT_ONCE } from './limits.ts'
import { parsePlace } from './stored-record.ts'

interface PendingAppend {
  readonly records: readonly WellFormedRecord[]
  readonly options: AppendOptions
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: unknown) => void
}

/** What is written into a store of records, in order: appends that arrive while one is being written share one synced batch. */
export class AppendQueue {
  readonly #database: LevelDatabase
  #pending: PendingAppend[] = []
  #appending = false
  readonly #forgetting = new Set<PublisherId>()

  constructor(database: LevelDatabase) {
    this.#database = database
  }

  append(records: readonly WellFormedRecord[], options: AppendOptions): Promise<Appended> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ records, options, resolve, reject })
      if (!this.#appending) void this.#appendPending()
    })
  }

  /** Removes every record of a publisher, durably; of one that is being forgotten nothing is stored. */
  async forget(publisher: PublisherId): Promise<void> {
    this.#forgetting.add(publisher)
    try {
      await this.append([], {}) // those before it are written
      await forgetRecords(this.#database, publisher)
    } finally {
      this.#forgetting.delete(publisher)
    }
  }

  isForgetting(publisher: PublisherId): boolean {
    return this.#forgetting.has(publisher)
  }

  async #appendPending(): Promise<void> {
    this.#appending = true
    while (this.#pending.length > 0) {
      const group = this.#pending.splice(0)
      try {
        const plan = await this.#planFor(group)
        const appended = group.map(({ records, options }) => this.#take(plan, records, options))
        await this.#database.commit(plan.writes())
        for (const [index, { resolve }] of group.entries()) resolve(appended[index]!)
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    this.#appending = false
  }

  #take(plan: AppendPlan, records: readonly WellFormedRecord[], options: AppendOptions): Appended {
    const [forgotten, kept] = [true, false].map(is =>
      records.filter(each => this.#forgetting.has(each.publisher) === is),
    )
    const { refused, ...taken } = plan.take(kept ?? [], options)
    const gone = (forgotten ?? []).map(record => ({ record, why: 'forgotten' as const }))
    return { ...taken, refused: [...refused, ...gone] }
  }

  async #planFor(group: readonly PendingAppend[]): Promise<AppendPlan> {
    const records = group.flatMap(appended => appended.records)
    const feedKeys = new Set(records.map(feedKeyOf))
    const feeds = await present(this.#database.table('feeds'), [...feedKeys])
    const trees = new Map(feeds.map(([key, bytes]) => [key, decodeFeedTree(bytes)]))
    const places = await present(this.#database.table('places'), [...idsToLookUp(records, trees)])
    return new AppendPlan(trees, new Map(places.map(([id, bytes]) => [id, parsePlace(bytes)])))
  }
}

async function present<K extends string>(table: ReturnType<LevelDatabase['table']>, keys: readonly K[]) {
  const isFew = keys.length <= MAX_READ_AT_ONCE
  const values = isFew ? keys.map(key => table.getSync(key)) : await table.getMany([...keys])
  return keys.flatMap((key, index): [K, Uint8Array][] => {
    const value = values[index]
    return value === undefined ? [] : [[key, value]]
  })
}

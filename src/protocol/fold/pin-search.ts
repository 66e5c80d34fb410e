import type { RecordId } from '../ids.ts'
import type { FoldedRecord } from './folded-record.ts'
import type { FeedRecords } from './record-set.ts'
import { type RootKeys, signerRoleOf } from './root-keys.ts'

interface Seen {
  /** In force where the search began. */
  readonly keys: RootKeys
  /** Whether a rotate by a recovery key chains on from the record. */
  isPinned: boolean
}

/** Finds which root records a recovery rotate pins; remembers what it looked at, so that no record is looked at twice. */
export class PinSearch {
  readonly #records: FeedRecords
  readonly #seen = new Map<RecordId, Seen>()

  constructor(records: FeedRecords) {
    this.#records = records
  }

  /** Whether a rotate by the recovery key chains back to this record through ordinary records; depth first. */
  isPinned(from: FoldedRecord, keys: RootKeys): boolean {
    const stack = [from]
    for (let record = stack.pop(); record !== undefined; record = stack.pop()) {
      const seen = this.#seen.get(record.id)
      const children = seen === undefined ? this.#records.childrenOf(record) : []
      if (seen === undefined) this.#seen.set(record.id, { keys, isPinned: false })
      if (seen?.isPinned || children.some(child => signerRoleOf(keys, child) === 'recovery')) {
        this.#pinBack(record, from)
        return true
      }
      for (const child of children) if (signerRoleOf(keys, child) === 'ordinary') stack.push(child)
    }
    return false
  }

  /** Takes note of a new record; true when it pins one that was looked at and found without. */
  adds(record: FoldedRecord): boolean {
    const above = record.prev === null ? undefined : this.#seen.get(record.prev)
    if (above === undefined || above.isPinned) return false
    const role = signerRoleOf(above.keys, record)
    return role === 'recovery' || (role === 'ordinary' && this.isPinned(record, above.keys))
  }

  #pinBack(found: FoldedRecord, from: FoldedRecord): void {
    for (let record: FoldedRecord | null = found; record !== null; ) {
      const seen = this.#seen.get(record.id)
      if (seen !== undefined) seen.isPinned = true
      record = record === from || record.prev === null ? null : this.#records.find(record.prev)
    }
  }
}

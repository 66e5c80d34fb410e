import type { Admission } from '../../../src/federation/sync/root-authority.ts'
import { type AdmittedKeys, AdmittedRoot } from '../../../src/federation/sync/root-keys.ts'
import type { RecordId, WellFormedRecord } from '../../../src/protocol/index.ts'

/** What `RootAuthority` is to say, as simply as can be: the keys after every root record, kept for ever. For one publisher's root feed. */
export class NaiveAuthority {
  readonly #root = new AdmittedRoot()
  readonly #after = new Map<RecordId, AdmittedKeys>()

  admit(record: WellFormedRecord): Admission {
    const before = record.prev === null ? null : this.#after.get(record.prev)
    if (before === undefined) return 'undecided'
    const keys = this.#root.admit(record, before)
    if (keys === null) return 'usurped'
    this.#after.set(record.id, keys)
    return 'admitted'
  }
}

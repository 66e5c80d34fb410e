import {
  type FeedId,
  isHeir,
  keysSaidBy,
  type RecordId,
  type RootKeys,
  signerRoleOf,
  type WellFormedRecord,
} from '../../protocol/index.ts'

/**
 * Who may sign after one root record as far as this node must let it in: never fewer than the fold counts, or than rules to come
 * may. `anyone`: a rotate came before whose meaning is not settled here (a body not understood; one by a current key that is an
 * heir, too), and with it the keys.
 */
export type AdmittedKeys = RootKeys | 'anyone'

/** A root record after which other keys may sign: the genesis, and each rotate by an heir. */
export interface KeyChange {
  readonly id: RecordId
  readonly seq: number
  readonly keys: AdmittedKeys
}

/** What a publisher's root feed says on all its branches, as far as it decides who belongs to it: it grows with rotates and delegates alone. */
export class AdmittedRoot {
  readonly changes = new Map<RecordId, KeyChange>()
  readonly delegated = new Set<FeedId>()

  get entries(): number {
    return this.changes.size + this.delegated.size
  }

  /** Whether some record of the root names these keys. */
  hasKeys(signer: string): boolean {
    for (const { keys } of this.changes.values())
      if (keys !== 'anyone' && (keys.current.has(signer) || isHeir(keys, signer))) return true
    return false
  }

  /** Takes a root record that comes after one with the keys `before`; null: signed by others. The answer are the keys after it. */
  admit(record: WellFormedRecord, before: AdmittedKeys | null): AdmittedKeys | null {
    const { id, seq, understood } = record
    const keys = before === null ? (keysSaidBy(record) ?? 'anyone') : keysAfter(before, record)
    if (keys === null) return null
    if (keys !== before) this.changes.set(id, { id, seq, keys })
    if (understood?.typ === 'delegate') this.delegated.add(understood.feed)
    return keys
  }
}

/** The keys after a record that comes after these; null when its signer has no part in the root. */
function keysAfter(before: AdmittedKeys, record: WellFormedRecord): AdmittedKeys | null {
  if (before === 'anyone') return before
  switch (signerRoleOf(before, record)) {
    case 'recovery':
    case 'heir':
      return keysSaidBy(record) ?? 'anyone'
    case 'ordinary':
      return record.typ === 'rotate' && isHeir(before, record.signer) ? 'anyone' : before
    default:
      return null
  }
}

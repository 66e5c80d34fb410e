import { type FeedId, keyListDigestOf, type RecordId, type WellFormedRecord } from '../../protocol/index.ts'

/** Who may sign after one root record; key lists as sha-256 in hex. */
export interface Keys {
  readonly current: ReadonlySet<string>
  /** `next` and `recovery`: may sign a rotate. */
  readonly heirs: ReadonlySet<string>
  /** A rotate that is not understood came before: its keys are unknown, so any may sign. */
  readonly isOpen: boolean
}

/** A root record after which other keys may sign: the genesis, and each rotate by an heir. */
export interface KeyChange {
  readonly id: RecordId
  readonly seq: number
  readonly keys: Keys
}

/** What a publisher's root feed says, as far as it decides who belongs to it: it grows with rotates and delegates alone. */
export class RootWord {
  readonly changes = new Map<RecordId, KeyChange>()
  readonly delegated = new Set<FeedId>()

  get entries(): number {
    return this.changes.size + this.delegated.size
  }

  /** Takes a root record that comes after one with the keys `before`; null: signed by others. The answer are the keys after it. */
  admit(record: WellFormedRecord, before: Keys | null): Keys | null {
    if (before !== null && !maySign(before, record)) return null
    const { id, seq, understood } = record
    const keys = keysAfter(before, record)
    if (keys !== before) this.changes.set(id, { id, seq, keys })
    if (understood?.typ === 'delegate') this.delegated.add(understood.feed)
    return keys
  }
}

function maySign({ current, heirs, isOpen }: Keys, { typ, signer }: WellFormedRecord): boolean {
  return isOpen || current.has(signer) || (typ === 'rotate' && heirs.has(signer))
}

/** Only a rotate signed by an heir changes the keys: one by a current key is an ordinary record, as in the fold. */
function keysAfter(before: Keys | null, { typ, signer, understood: body }: WellFormedRecord): Keys {
  if (before !== null && !(typ === 'rotate' && before.heirs.has(signer))) return before
  if (body?.typ !== 'identity' && body?.typ !== 'rotate') return { current: new Set(), heirs: new Set(), isOpen: true }
  return {
    current: new Set(body.keys.map(keys => hex(keyListDigestOf(keys)))),
    heirs: new Set([...body.next, ...body.recovery].map(hex)),
    isOpen: false,
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

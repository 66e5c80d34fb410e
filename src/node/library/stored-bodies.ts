import {
  type FeedHead,
  KeptFew,
  parseUnverifiedRecord,
  type RecordBodies,
  type RecordBody,
  type RecordId,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import { type Damage, type RecordStore, StorageError } from '../storage/index.ts'

/** Bytes of records whose bodies are kept: those of one publisher while a library opens, else of a few batches. */
const KEPT_BYTES = 16 << 20
/** Batches after which a body that none of them used is let go: the search index reads what was just taken in. */
const KEPT_BATCHES = 2

export interface StoredBodiesParts {
  readonly net: string
  readonly records: Pick<RecordStore, 'recordAt'>
  readonly onDamage: (damage: Damage) => void
  readonly keptBytes?: number
}

/** What stored records say, read from the disk again when it is asked for; every record is checked against its id. */
export class StoredBodies implements RecordBodies {
  readonly #parts: StoredBodiesParts
  readonly #kept: KeptFew<RecordId, RecordBody>
  /** Records of whose damage was told. */
  readonly #told = new Set<RecordId>()

  constructor(parts: StoredBodiesParts) {
    this.#parts = parts
    this.#kept = new KeptFew(parts.keptBytes ?? KEPT_BYTES, KEPT_BATCHES)
  }

  /** Another batch is taken in, or another publisher at a start. */
  next(): void {
    this.#kept.next()
  }

  clear(): void {
    this.#kept.clear()
  }

  keep({ id, ts, understood, envelope }: WellFormedRecord): void {
    this.#kept.set(id, { ts, understood }, envelope.length)
  }

  /** Damage is told, so that /readyz says so and peers are asked. @throws StorageError E_RECORD_CORRUPT */
  bodyOf(at: FeedHead): RecordBody {
    const kept = this.#kept.get(at.id)
    if (kept !== undefined) return kept
    const { ts, understood, envelope } = this.#read(at)
    const body = { ts, understood }
    this.#kept.set(at.id, body, envelope.length)
    return body
  }

  #read(at: FeedHead): WellFormedRecord {
    const { net, records, onDamage } = this.#parts
    try {
      // Its signature was verified before it was stored.
      return parseUnverifiedRecord(records.recordAt(at).envelope, { net }).record
    } catch (error) {
      const { publisher, feed, id } = at
      if (error instanceof StorageError && error.code === 'E_RECORD_CORRUPT' && !this.#told.has(id)) {
        this.#told.add(id)
        onDamage({ publisher, feed, problem: error.message, lost: null })
      }
      throw error
    }
  }
}

/** What work gives, or null when a record that it reads was damaged on disk, which is noted as it is found. */
export function unlessDamaged<T>(work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    if (error instanceof StorageError) return null
    throw error
  }
}

import { createHash } from 'node:crypto'
import { parseRecordOnPool, type WellFormedRecord } from '../../protocol/index.ts'
import { BoundedMap } from '../bounded-map.ts'
import { MAX_VERIFIED_RECORD_BYTES, MAX_VERIFIED_RECORDS } from './limits.ts'

/**
 * Records of one network whose signatures held, by the sha-256 of the whole envelope: hits of one publisher share two of three
 * records, and a search asked again shares all. The one unused for longest is forgotten.
 */
export class VerifiedRecords {
  readonly #net: string
  readonly #records = new BoundedMap<string, WellFormedRecord>(MAX_VERIFIED_RECORDS)

  constructor(net: string) {
    this.#net = net
  }

  /** The record, verified now or before. @throws ProtocolError as parseRecord */
  async parse(envelope: Uint8Array): Promise<WellFormedRecord> {
    const digest = createHash('sha256').update(envelope).digest('base64url')
    const known = this.#records.get(digest)
    // A copy: the envelope is a part of a message of up to 1 MiB.
    const record = known ?? (await parseRecordOnPool(Uint8Array.from(envelope), { net: this.#net }))
    if (envelope.byteLength <= MAX_VERIFIED_RECORD_BYTES) this.#records.set(digest, record)
    return record
  }
}

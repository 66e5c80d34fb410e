import { gunzipSync } from 'node:zlib'
import type { NpmPackument, PackumentDocument } from '../../registries/npm/npm-source.ts'
import { MAX_PACKUMENT_BYTES } from './limits.ts'
import type { PackumentFacts } from './packument-store.ts'
import { parsePackument } from './parse-packument.ts'

/** Bytes in memory of one version's facts, about. */
const SEEN_BYTES = 160

/** A document held compressed, parsed when somebody reads it: react's has 0.5 MB so and 25 MB parsed. */
export class KeptPackument implements NpmPackument {
  readonly facts: PackumentFacts
  readonly firstSeen: ReadonlyMap<string, number>
  readonly #gzipped: Uint8Array
  #parsed: WeakRef<PackumentDocument> | null

  /** `parsed`: the document, when it was just parsed anyway. */
  constructor(facts: PackumentFacts, gzipped: Uint8Array, parsed: PackumentDocument | null = null) {
    this.facts = facts
    this.firstSeen = new Map([...facts.seen].map(([version, { at }]) => [version, at]))
    this.#gzipped = gzipped
    this.#parsed = parsed === null ? null : new WeakRef(parsed)
  }

  get revision(): string {
    return this.facts.revision
  }

  get document(): PackumentDocument {
    const parsed = this.#parsed?.deref()
    if (parsed !== undefined) return parsed
    const bytes = gunzipSync(this.#gzipped, { maxOutputLength: MAX_PACKUMENT_BYTES })
    const { document } = parsePackument(this.facts.name, bytes)!
    this.#parsed = new WeakRef(document)
    return document
  }

  /** Bytes that this takes in memory, about. */
  get weight(): number {
    return this.#gzipped.length + this.facts.seen.size * SEEN_BYTES
  }
}

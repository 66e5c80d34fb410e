import { gunzipSync } from 'node:zlib'
import type { NpmPackument, PackumentDocument, VersionDist, VersionManifest } from '../../registries/npm/npm-source.ts'
import { MAX_PACKUMENT_BYTES } from './limits.ts'
import { listedManifestOf } from './listed-manifest.ts'
import { digestMarkOf, expectedDigestsOf } from './npm-digest.ts'
import type { PackumentFacts } from './packument-store.ts'
import { parsePackument } from './parse-packument.ts'

/** Bytes in memory of one version's facts, about. */
export const SEEN_BYTES = 320

/** A document held compressed, parsed when somebody reads it: react's has 0.5 MB so and 25 MB parsed. */
export class KeptPackument implements NpmPackument {
  readonly facts: PackumentFacts
  readonly #gzipped: Uint8Array
  #parsed: WeakRef<PackumentDocument> | null
  #revision: string | null = null

  /** `parsed`: the document, when it was just parsed anyway. */
  constructor(facts: PackumentFacts, gzipped: Uint8Array, parsed: PackumentDocument | null = null) {
    this.facts = facts
    this.#gzipped = gzipped
    this.#parsed = parsed === null ? null : new WeakRef(parsed)
  }

  get revision(): string {
    this.#revision ??= `${this.facts.revision}-${newestOf(this.versions).toString(36)}`
    return this.#revision
  }

  get versions(): PackumentFacts['seen'] {
    return this.facts.seen
  }

  get document(): PackumentDocument {
    const parsed = this.#parsed?.deref()
    if (parsed !== undefined) return parsed
    const { document } = parsePackument(this.facts.name, this.#bytes())!
    this.#parsed = new WeakRef(document)
    return document
  }

  /** Where a listed version's tarball is and what its bytes are; parses no more than that version. */
  distOf(version: string): VersionDist {
    const parsed = this.#parsed?.deref()
    if (parsed !== undefined) return parsed.versions[version]!.dist
    const { name, seen } = this.facts
    const isIt = ({ dist }: VersionManifest) => digestMarkOf(expectedDigestsOf(dist)!) === seen.get(version)?.mark
    return (listedManifestOf(this.#bytes(), name, version, isIt) ?? this.document.versions[version]!).dist
  }

  #bytes(): Buffer {
    return gunzipSync(this.#gzipped, { maxOutputLength: MAX_PACKUMENT_BYTES })
  }

  /** Bytes that this takes in memory, about. */
  get weight(): number {
    return this.#gzipped.length + this.facts.seen.size * SEEN_BYTES
  }
}

/** When the version seen last was first seen: a document that was lost and came again has newer ones. */
function newestOf(versions: PackumentFacts['seen']): number {
  let newest = 0
  for (const { firstSeen } of versions.values()) newest = Math.max(newest, firstSeen)
  return newest
}

import type { Artifact, OriginState, PackageName, PackageState, PublisherId } from '../../protocol/index.ts'
import type { Library } from '../library/library.ts'
import type { RelationBook } from '../library/relation-book.ts'
import type { ExpectedDigests } from '../upstream/npm/npm-digest.ts'
import { parseDigest } from './digest-text.ts'
import { MAX_STATEMENTS_OF_VERSION } from './limits.ts'

/** Name of the artifact that is not a version's bytes but what the upstream's document lists of it (specification section 9.4). */
export const MANIFEST_FILE = 'manifest.json'

/** What a publisher says that an upstream serves, parsed. */
export interface OriginStatement {
  readonly publisher: PublisherId
  readonly version: string
  /** As it was stated: SRI text. */
  readonly digest: string
  readonly expected: ExpectedDigests
  /** When the upstream published it, as it said, ms since 1970. */
  readonly time: number | null
  readonly artifact: Artifact
  readonly of: 'bytes' | 'manifest'
}

/** Statements of one publisher about one package and upstream, by version. */
export type StatedVersions = ReadonlyMap<string, readonly OriginStatement[]>
const NOTHING: StatedVersions = new Map()

export interface OriginStatementsParts {
  readonly library: Pick<Library, 'package'>
  readonly relations: Pick<RelationBook, 'known' | 'relationOf'>
  readonly own: PublisherId
}

/** What is stated about upstreams by those whose word counts here: this node itself, and publishers allowed for origin. */
export class OriginStatements {
  readonly #parts: OriginStatementsParts
  /** By the state they were read from: a change of the catalogue makes another state. */
  readonly #read = new WeakMap<PackageState, Map<string, StatedVersions>>()
  readonly #versions = new WeakMap<PackageState, ReadonlySet<string>>()

  constructor(parts: OriginStatementsParts) {
    this.#parts = parts
  }

  /** Publishers, beside this node's own, whose word counts. */
  believed(): readonly PublisherId[] {
    const { relations, own } = this.#parts
    return relations.known().filter(id => id !== own && isBelieved(relations.relationOf(id)))
  }

  /** Everybody whose word counts, this node first. */
  counted(): readonly PublisherId[] {
    return [this.#parts.own, ...this.believed()]
  }

  /** Publishers that are only followed: what they state decides nothing, and is told. */
  heard(): readonly PublisherId[] {
    const { relations, own } = this.#parts
    return relations.known().filter(id => id !== own && isOnlyFollowed(relations.relationOf(id)))
  }

  /** By publisher, of those given who state anything. */
  of(
    name: PackageName,
    upstream: string,
    publishers: readonly PublisherId[],
  ): ReadonlyMap<PublisherId, StatedVersions> {
    const found = new Map<PublisherId, StatedVersions>()
    for (const publisher of publishers) {
      const stated = this.ofPublisher(publisher, name, upstream)
      if (stated.size > 0) found.set(publisher, stated)
    }
    return found
  }

  /** Whether a publisher states anything of a version, of whatever upstream. */
  statesVersion(publisher: PublisherId, name: PackageName, version: string): boolean {
    const state = this.#parts.library.package(publisher, name)
    if (state === null || state.origins.length === 0) return false
    const versions = this.#versions.get(state) ?? new Set(state.origins.map(origin => origin.version))
    this.#versions.set(state, versions)
    return versions.has(version)
  }

  ofPublisher(publisher: PublisherId, name: PackageName, upstream: string): StatedVersions {
    const state = this.#parts.library.package(publisher, name)
    if (state === null || state.origins.length === 0) return NOTHING
    const known = this.#read.get(state) ?? new Map<string, StatedVersions>()
    this.#read.set(state, known)
    const read = known.get(upstream) ?? statedIn(publisher, state.origins, upstream)
    // Only upstreams known here are asked for, so there are few.
    known.set(upstream, read)
    return read
  }
}

const isBelieved = ({ origin, block }: { readonly origin: boolean; readonly block: boolean }): boolean =>
  origin && !block

const isOnlyFollowed = (relation: { readonly follow: boolean; readonly origin: boolean; readonly block: boolean }) =>
  relation.follow && !relation.origin && !relation.block

function statedIn(publisher: PublisherId, origins: readonly OriginState[], upstream: string): StatedVersions {
  const stated = new Map<string, OriginStatement[]>()
  for (const { version, op } of origins) {
    const expected = op.upstream === upstream ? parseDigest(op.digest) : null
    if (expected === null) continue
    const { digest, time, artifact } = op
    const of = artifact.name === MANIFEST_FILE ? 'manifest' : 'bytes'
    const statement = { publisher, version, digest, expected, time, artifact, of } as const
    const known = stated.get(version)
    if (known === undefined) stated.set(version, [statement])
    else if (known.length < MAX_STATEMENTS_OF_VERSION) known.push(statement)
  }
  return stated
}

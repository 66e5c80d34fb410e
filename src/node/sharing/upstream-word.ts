import { createHash } from 'node:crypto'
import type { PackageName, Sha256 } from '../../protocol/index.ts'
import { npmPackageOf } from '../registries/npm/npm-package.ts'
import type { NpmPackument, NpmTarball } from '../registries/npm/npm-source.ts'
import type { ArtifactStore } from '../storage/index.ts'
import { KeptPackument } from '../upstream/npm/kept-packument.ts'
import type { ExpectedDigests } from '../upstream/npm/npm-digest.ts'
import type { TarballPeers, WantedTarball } from '../upstream/npm/tarball-peers.ts'
import type { ComparedDigests } from './compared-digests.ts'
import type { MadePackuments } from './made-packuments.ts'
import type { OriginStatement, OriginStatements, StatedVersions } from './origin-statements.ts'
import type { PeerBytes } from './peer-bytes.ts'

export interface UpstreamWordParts {
  /** What origin records call the upstream. */
  readonly upstream: string
  /** Whether the upstream's own times, as publishers state them, say how old a version is. */
  readonly trustTime: boolean
  readonly statements: OriginStatements
  readonly compared: ComparedDigests
  readonly made: MadePackuments
  readonly bytes: PeerBytes
  readonly artifacts: Pick<ArtifactStore, 'open'>
  readonly disputeOf: (name: PackageName, version: string) => string | null
  /** A version's bytes are here, and the upstream's own document says that they are right. */
  readonly onKept: (name: string, version: string) => void
  readonly onClose: () => void
}

/** What publishers whose word counts say of one upstream, and the bytes that they have of it. */
export class UpstreamWord implements TarballPeers {
  readonly #parts: UpstreamWordParts

  constructor(parts: UpstreamWordParts) {
    this.#parts = parts
  }

  /** Whether anyone beside this node states a version. */
  knows(name: string, version: string): boolean {
    return this.#believedOf(name).some(stated => stated.has(version))
  }

  /** The upstream's document; its revision changes when somebody begins or ends to disagree with it. */
  compared(name: string, packument: NpmPackument): NpmPackument {
    const purl = npmPackageOf(name)
    const stated = purl === null ? [] : this.#allOf(purl)
    if (purl === null || stated.length === 0 || !(packument instanceof KeptPackument)) return packument
    this.#parts.compared.note(purl, this.#parts.upstream, packument, stated)
    return this.#revised(purl, packument, stated)
  }

  /** The same document with a revision of its own for every state of disagreement about it. */
  #revised(purl: PackageName, packument: NpmPackument, stated: readonly StatedVersions[]): NpmPackument {
    const versions = new Set(stated.flatMap(each => bothHave(each, packument.versions ?? new Map())))
    const disputes = [...versions].flatMap(version => this.#parts.disputeOf(purl, version) ?? [])
    if (disputes.length === 0) return packument
    const digest = createHash('sha256').update(JSON.stringify(disputes.sort())).digest('base64url')
    return withRevision(packument, `${packument.revision}-${digest}`)
  }

  /** The document of a package, made of what was stated; null: nothing was. */
  async packument(name: string, signal: AbortSignal): Promise<NpmPackument | null> {
    const { made, upstream, trustTime } = this.#parts
    const purl = npmPackageOf(name)
    if (purl === null || this.#believedOf(name).length === 0) return null
    const stated = this.#allOf(purl)
    const packument = await made.of(name, upstream, stated, trustTime, signal)
    return packument === null ? null : this.#revised(purl, packument, stated)
  }

  /** A version's bytes when the upstream is silent; with what its own document expects, if there is one. */
  async tarball(
    name: string,
    version: string,
    expected: ExpectedDigests | null,
    signal: AbortSignal,
  ): Promise<NpmTarball | null> {
    const statements = this.#bytesOf(name, version).filter(each => expected === null || isAmong(each, expected))
    for (const [, same] of Map.groupBy(statements, each => each.digest)) {
      const [first] = same as [OriginStatement]
      const sha256 = await this.#parts.bytes.bring(same, expected ?? first.expected, 'patience', signal)
      const held = sha256 === null ? null : await this.#parts.artifacts.open(sha256)
      if (held !== null) return held
    }
    return null
  }

  async bring({ name, version, expected }: WantedTarball, signal: AbortSignal): Promise<Sha256 | null> {
    if (!this.knows(name, version)) return null
    const wanted = expected()
    const statements = this.#bytesOf(name, version).filter(each => isAmong(each, wanted))
    return statements.length === 0 ? null : await this.#parts.bytes.bring(statements, wanted, 'hurry', signal)
  }

  kept(name: string, version: string): void {
    this.#parts.onKept(name, version)
  }

  close(): void {
    this.#parts.onClose()
  }

  #bytesOf(name: string, version: string): readonly OriginStatement[] {
    const stated = this.#believedOf(name).flatMap(each => each.get(version) ?? [])
    return stated.filter(({ of }) => of === 'bytes')
  }

  #believedOf(name: string): readonly StatedVersions[] {
    const { statements, upstream } = this.#parts
    const purl = npmPackageOf(name)
    return purl === null ? [] : [...statements.of(purl, upstream, statements.believed()).values()]
  }

  /** This node's own statements too. */
  #allOf(purl: PackageName): readonly StatedVersions[] {
    const { statements, upstream } = this.#parts
    return [...statements.of(purl, upstream, statements.counted()).values()]
  }
}

/** Keys of two maps; the work is that of the smaller one, because anybody may state any number of versions. */
function bothHave(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): readonly string[] {
  const [small, large] = a.size < b.size ? [a, b] : [b, a]
  return [...small.keys()].filter(key => large.has(key))
}

const isAmong = ({ expected: stated }: OriginStatement, expected: ExpectedDigests): boolean =>
  stated.algorithm === expected.algorithm && stated.digests.some(digest => expected.digests.includes(digest))

function withRevision(packument: NpmPackument, revision: string): NpmPackument {
  return {
    revision,
    versions: packument.versions,
    get document() {
      return packument.document
    },
  }
}

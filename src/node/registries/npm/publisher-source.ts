import { createHash } from 'node:crypto'
import {
  type Artifact,
  type PackageState,
  type PublisherId,
  packageDigestOf,
  type ReleaseState,
} from '../../../protocol/index.ts'
import { NodeError } from '../../errors.ts'
import type { NodeContext } from '../../node-context.ts'
import { type MadePackument, MadePackuments } from './made-packuments.ts'
import { npmPackageOf } from './npm-package.ts'
import type { NpmPackument, NpmSource, NpmTarball, PackumentDocument, VersionManifest } from './npm-source.ts'
import { newestStable } from './packument-view.ts'
import { releaseManifestOf, tarballArtifactOf } from './release-manifest.ts'
import { manifestBytesOf } from './stored-manifest.ts'

/** The last time that ECMAScript's dates reach; ms since 1970. */
const MAX_DATE_MS = 8.64e15

/** What a publisher's source needs of the node. */
export type PublisherSourceParts = Pick<NodeContext, 'library' | 'artifacts' | 'fetcher' | 'parseStored'>

/** One publisher's signed releases as npm's registry would show them: for this node's own clients, private ones too. */
export class PublisherSource implements NpmSource {
  readonly #parts: PublisherSourceParts
  readonly #publisher: PublisherId
  readonly #made = new MadePackuments()

  constructor(parts: PublisherSourceParts, publisher: PublisherId) {
    this.#parts = parts
    this.#publisher = publisher
  }

  async packument(name: string, signal: AbortSignal): Promise<NpmPackument | null> {
    const state = this.#stateOf(name)
    if (state === null || state.releases.size === 0) return null
    const made = await this.#made.get(state, making => this.#make(name, state, making), signal)
    return withExpiries(made, state)
  }

  async tarball(name: string, version: string, signal: AbortSignal): Promise<NpmTarball | null> {
    const release = this.#stateOf(name)?.releases.get(version)
    const artifact = release === undefined ? null : tarballArtifactOf(release)
    if (artifact === null) return null
    return (await this.#openHeld(artifact)) ?? (await this.#bring(artifact, `${name}@${version}`, signal))
  }

  #stateOf(name: string): PackageState | null {
    const purl = npmPackageOf(name)
    return purl === null ? null : this.#parts.library.package(this.#publisher, purl)
  }

  /** The first leaf is read before anything is promised: an altered small artifact is fetched again, not half sent. */
  async #openHeld({ sha256 }: Artifact): Promise<NpmTarball | null> {
    const held = await this.#parts.artifacts.open(sha256)
    if (held === null) return null
    const iterator = held.bytes[Symbol.asyncIterator]()
    try {
      const first = await iterator.next()
      return { size: held.size, bytes: startingWith(first, iterator) }
    } catch (error) {
      if ((error as { code?: unknown }).code === 'E_ARTIFACT_MISMATCH') return null
      throw error
    }
  }

  async #bring(artifact: Artifact, what: string, signal: AbortSignal): Promise<NpmTarball> {
    const fetched = await this.#parts.fetcher.fetch(artifact, this.#publisher, signal)
    const held = 'failed' in fetched ? null : await this.#openHeld(artifact)
    if (held !== null) return held
    const code = 'failed' in fetched ? fetched.failed : 'E_NO_PROVIDER'
    throw new NodeError(code, `no peer that could be reached has the bytes of ${what}`, { hint: 'hanse peer list' })
  }

  async #make(name: string, state: PackageState, signal: AbortSignal): Promise<MadePackument> {
    const releases = [...state.releases.values()].toSorted((a, b) => (a.version < b.version ? -1 : 1))
    const versions: [string, VersionManifest][] = []
    let isWhole = true
    let bytes = 0
    for (const release of releases) {
      const artifact = tarballArtifactOf(release)
      if (artifact === null) continue
      const packageJson = await manifestBytesOf(this.#parts, this.#publisher, release, signal)
      if (packageJson === null && release.manifest !== null) isWhole = false
      bytes += packageJson?.length ?? 0
      versions.push([release.version, releaseManifestOf(name, release, artifact, packageJson)])
    }
    const claimed = await this.#claimedTimesOf(releases)
    const revision = `${packageDigestOf(state).toString(36)}${isWhole ? '' : '-partial'}`
    const document = documentOf(name, state, Object.fromEntries(versions), claimed, revision)
    return { packument: { revision, document, versions: null }, bytes, isWhole }
  }

  /** Claimed times are shown and decide nothing. */
  async #claimedTimesOf(releases: readonly ReleaseState[]): Promise<Map<string, number>> {
    const times = new Map<string, number>()
    for (const { version, records } of releases) {
      const record = records[0] === undefined ? null : await this.#parts.library.records.record(records[0])
      if (record !== null) times.set(version, this.#parts.parseStored(record.envelope).ts)
    }
    return times
  }
}

/** Expiries are in no digest of a package and belong to what views are made of; they are as they are when read. */
function withExpiries(packument: NpmPackument, { releases }: PackageState): NpmPackument {
  const expiries = [...releases.values()].flatMap(({ version, expires }) =>
    expires === null ? [] : [[version, expires]],
  )
  if (expiries.length === 0) return packument
  const digest = createHash('sha256').update(JSON.stringify(expiries)).digest('base64url')
  return { ...packument, revision: `${packument.revision}-${digest}` }
}

function documentOf(
  name: string,
  state: PackageState,
  versions: Readonly<Record<string, VersionManifest>>,
  claimed: ReadonlyMap<string, number>,
  revision: string,
): PackumentDocument {
  const latest = latestOf(state)
  const { description, license, keywords }: Partial<VersionManifest> = versions[latest ?? ''] ?? {}
  return {
    _id: name,
    _rev: `1-${revision}`,
    name,
    ...(typeof description === 'string' ? { description } : {}),
    ...(license === undefined ? {} : { license }),
    ...(keywords === undefined ? {} : { keywords }),
    'dist-tags': Object.fromEntries([...state.tags, ...(latest === null ? [] : [['latest', latest] as const])]),
    versions,
    time: timesOf(claimed),
    maintainers: [],
  }
}

/** The publisher's own `latest`, else the newest live release that is no prerelease, else the newest of all. */
function latestOf({ tags, releases }: PackageState): string | null {
  const tagged = tags.get('latest')
  if (tagged !== undefined && releases.has(tagged)) return tagged
  const live = [...releases.values()].filter(({ state }) => state === 'live').map(({ version }) => version)
  return newestStable(live) ?? live.at(-1) ?? null
}

function timesOf(claimed: ReadonlyMap<string, number>): Record<string, string> {
  // A claimed time may be any integer; ECMAScript's last date is this one.
  const iso = (ms: number) => new Date(Math.min(ms, MAX_DATE_MS)).toISOString()
  const all = [...claimed.values()].toSorted((a, b) => a - b)
  const [first, last] = [all[0], all.at(-1)]
  const ends = first === undefined || last === undefined ? {} : { created: iso(first), modified: iso(last) }
  return Object.fromEntries([...Object.entries(ends), ...[...claimed].map(([version, ms]) => [version, iso(ms)])])
}

/** An iterator, not a generator: one that nobody starts to read is closed all the same. */
function startingWith(first: IteratorResult<Uint8Array>, rest: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  let pending: IteratorResult<Uint8Array> | null = first
  const next = async () => {
    const result = pending ?? (await rest.next())
    pending = null
    return result
  }
  const close = async () => (await rest.return?.()) ?? { done: true as const, value: undefined }
  return { [Symbol.asyncIterator]: () => ({ next, return: close }) }
}

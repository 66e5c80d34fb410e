import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import semver from 'semver'
import { abortable } from '../abortable.ts'
import { Turns } from '../library/turns.ts'
import type { PackumentDocument } from '../registries/npm/npm-source.ts'
import { BoundedMap } from '../upstream/bounded-map.ts'
import { seenVersionsOf } from '../upstream/npm/first-seen.ts'
import { KeptPackument } from '../upstream/npm/kept-packument.ts'
import type { PackumentFacts } from '../upstream/npm/packument-store.ts'
import { parsePackument } from '../upstream/npm/parse-packument.ts'
import { SingleFlight } from '../upstream/single-flight.ts'
import { statedDigestOf } from './digest-text.ts'
import { MADE_BYTES, MAKING_MS, MAX_MADE_BYTES, PARALLEL_MANIFESTS } from './limits.ts'
import { newestVersionsOf } from './newest-versions.ts'
import type { OriginStatement, StatedVersions } from './origin-statements.ts'
import { parseVersionDocument, type VersionDocument } from './version-document.ts'

const compress = promisify(gzip)

export interface MadePackumentsParts {
  /** The bytes of the document that a publisher stated, from here or from peers; null: nobody has them now. */
  readonly open: (statement: OriginStatement, signal: AbortSignal) => Promise<Uint8Array | null>
  /** Ms since 1970. */
  readonly now: () => number
}

interface Made {
  /** What it was made of. */
  readonly stated: readonly StatedVersions[]
  readonly packument: KeptPackument
  /** Whether every stated version is in it. */
  readonly isWhole: boolean
}

/** One stated version with what travelled with it, unread: read, a hostile one takes a hundred times as much memory. */
interface Listed {
  readonly version: string
  readonly time: number | null
  readonly bytes: Uint8Array
}

/**
 * Documents of packages whose upstream is silent, made of what publishers stated: the stated versions as the upstream listed
 * them. They pass the same parser as an upstream's own.
 */
export class MadePackuments {
  readonly #parts: MadePackumentsParts
  readonly #making = new SingleFlight<string, KeptPackument | null>()
  readonly #made = new BoundedMap<string, Made>(MADE_BYTES, ({ packument }) => packument.weight)
  /** Documents are fetched side by side, and put together one after the other. */
  readonly #merging = new Turns<'one'>()

  constructor(parts: MadePackumentsParts) {
    this.#parts = parts
  }

  /** null: nobody stated a version whose document can be had in time. `trustTime`: the upstream's `time`, as stated, counts. */
  async of(
    name: string,
    upstream: string,
    stated: readonly StatedVersions[],
    trustTime: boolean,
    signal: AbortSignal,
  ): Promise<KeptPackument | null> {
    const key = `${upstream} ${name}`
    const making = this.#making.run(key, () => this.#make(key, name, upstream, stated, trustTime))
    return await abortable(making, signal)
  }

  async #make(
    key: string,
    name: string,
    upstream: string,
    stated: readonly StatedVersions[],
    trustTime: boolean,
  ): Promise<KeptPackument | null> {
    const known = this.#made.get(key)
    if (
      known?.isWhole &&
      known.stated.length === stated.length &&
      known.stated.every((each, at) => each === stated[at])
    ) {
      return known.packument
    }
    const wanted = manifestsOf(stated)
    const listed = await this.#read(wanted, AbortSignal.timeout(MAKING_MS))
    if (listed.length === 0) return null
    // Without trust in its times, a version is as old as this node's knowledge of it.
    const before = trustTime ? null : (known?.packument.facts.seen ?? null)
    const seenOf: SeenOf = document => seenVersionsOf(document, before, trustTime, this.#parts.now())
    const packument = await this.#merging.run('one', () => merged(name, upstream, listed, seenOf))
    if (packument !== null) this.#made.set(key, { stated, packument, isWhole: listed.length === wanted.size })
    return packument
  }

  async #read(wanted: ReadonlyMap<string, readonly OriginStatement[]>, signal: AbortSignal): Promise<Listed[]> {
    const left = [...wanted.values()]
    const listed: Listed[] = []
    const work = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const found = await this.#readOne(next, signal)
        if (found !== null) listed.push(found)
      }
    }
    await Promise.all(Array.from({ length: PARALLEL_MANIFESTS }, work))
    // In one order, whoever answered first: the revision must not change by it.
    return listed.sort((a, b) => semver.compareLoose(a.version, b.version) || (a.version < b.version ? -1 : 1))
  }

  /** The first document that is one, and of the version and digest that it was stated for. */
  async #readOne(statements: readonly OriginStatement[], signal: AbortSignal): Promise<Listed | null> {
    for (const statement of statements) {
      const bytes = await this.#parts.open(statement, signal)
      const document = bytes === null ? null : parseVersionDocument(bytes)
      if (document !== null && isOf(document, statement)) {
        return { version: statement.version, time: statement.time, bytes: bytes as Uint8Array }
      }
    }
    return null
  }
}

type SeenOf = (document: PackumentDocument) => PackumentFacts['seen']

/** null: of none of the versions is there a manifest that clients could use. */
async function merged(
  name: string,
  upstream: string,
  listed: readonly Listed[],
  seenOf: SeenOf,
): Promise<KeptPackument | null> {
  const bytes = Buffer.from(JSON.stringify(documentOf(name, listed)))
  const parsed = parsePackument(name, bytes)
  if (parsed === null || Object.keys(parsed.document.versions).length === 0) return null
  const digest = createHash('sha256').update(`${upstream}\n`).update(bytes).digest('base64url')
  const facts = { name, revision: `made-${digest}`, etag: null, lastModified: null, seen: seenOf(parsed.document) }
  return new KeptPackument(facts, await compress(bytes), parsed.document)
}

function isOf({ manifest }: VersionDocument, { version, digest }: OriginStatement): boolean {
  const { dist } = manifest
  const isDist = typeof dist === 'object' && dist !== null
  return manifest.version === version && isDist && statedDigestOf(dist) === digest
}

/** The statements of manifests by version, of the newest versions; their sizes are signed, and nothing larger is read. */
function manifestsOf(stated: readonly StatedVersions[]): Map<string, readonly OriginStatement[]> {
  const manifests = new Map<string, readonly OriginStatement[]>()
  let bytes = 0
  for (const version of newestVersionsOf(stated)) {
    const found = stated.flatMap(each => each.get(version) ?? []).filter(statement => statement.of === 'manifest')
    const size = Math.max(0, ...found.map(({ artifact }) => artifact.size))
    if (found.length === 0 || bytes + size > MAX_MADE_BYTES) continue
    bytes += size
    manifests.set(version, found)
  }
  return manifests
}

const LOOSE = { loose: true }

/** npm's document of the versions, ascending; a tag is on the newest version that was stated with it. */
function documentOf(name: string, listed: readonly Listed[]): object {
  const tags = new Map<string, string>()
  const times: [string, string][] = []
  const versions: [string, object][] = []
  for (const { version, time, bytes } of listed) {
    const document = parseVersionDocument(bytes)!
    versions.push([version, listedManifestOf(document)])
    for (const tag of document.tags) tags.set(tag, version)
    if (time !== null && time <= MAX_DATE_MS) times.push([version, new Date(time).toISOString()])
  }
  if (!tags.has('latest')) tags.set('latest', latestOf(listed.map(({ version }) => version)))
  return {
    _id: name,
    name,
    'dist-tags': Object.fromEntries(tags),
    versions: Object.fromEntries(versions),
    time: Object.fromEntries(times),
  }
}

/** npm's shape wants an address, and a publisher's own leads nowhere: bytes come by their digest, from whoever has them. */
const NO_TARBALL = 'https://tarball.invalid/'

const listedManifestOf = ({ manifest }: VersionDocument): object => ({
  ...manifest,
  dist: { ...(manifest.dist as object), tarball: NO_TARBALL },
})

/** The last time that ECMAScript's dates reach; ms since 1970. */
const MAX_DATE_MS = 8.64e15

/** The newest that is no prerelease, else the newest; of ascending versions. */
const latestOf = (versions: readonly string[]): string =>
  versions.findLast(version => semver.prerelease(version, LOOSE) === null) ?? versions.at(-1) ?? ''

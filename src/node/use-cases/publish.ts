import { mkdtemp, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { layoutOf } from '../../federation/index.ts'
import {
  type Artifact,
  type Document,
  isPlainFileName,
  type PackageName,
  type PackageState,
  type RecordId,
  type ReleaseName,
  type ReleaseOp,
  type ReleaseState,
  type ReleaseSummary,
  releaseNameOf,
  type Sha256,
  shortNameOf,
  splitReleaseName,
} from '../../protocol/index.ts'
import { type ArchiveKind, type InspectedArchive, inspectArchive } from '../archives/index.ts'
import { NodeError } from '../errors.ts'
import type { FeedVisibility } from '../library/writer.ts'
import type { NodeContext } from '../node-context.ts'
import type { StoredArtifact } from '../storage/index.ts'
import { parseSpec } from './find-package.ts'
import { requireMayBePublic } from './may-be-public.ts'
import { kindOf } from './publishable-kind.ts'

/** Manifests up to here are kept inside the record, longer ones beside it; bytes (FORMAT section 1). */
const MAX_INLINE_MANIFEST_BYTES = 16 * 1024

export interface PublishRequest {
  /** The file's own name. */
  readonly name: string
  readonly public: boolean
  readonly purl?: string
  readonly dryRun: boolean
  /** When it was published first, somewhere else; ms since 1970, claimed and shown. */
  readonly claimedMs?: number
  /** What the file has to be; by default its name and first bytes say so. */
  readonly kind?: ArchiveKind
  /** Asked with the name that the archive itself has, before anything is signed; throws for one that may not be published. */
  readonly permit?: (name: PackageName) => void
}

/** What is to be released, read from the archive itself. */
interface Draft {
  readonly purl: ReleaseName
  readonly fileName: string
  readonly summary: ReleaseSummary
  readonly integrity: readonly string[]
  readonly manifest: { readonly bytes: Uint8Array; readonly media: string } | null
}

/** Releases an artifact: reads it to disk, validates it, stores its bytes, then signs. Nothing is kept of what is refused. */
export async function publish(node: NodeContext, request: PublishRequest, bytes: Readable): Promise<object> {
  await using folder = await openIncoming(node)
  const path = join(folder.path, isPlainFileName(request.name) ? request.name : `upload${endingOf(request.name)}`)
  await receive(bytes, path, node.config.limits.artifactBytes)
  return await publishFile(node, path, request)
}

/** A folder for what comes in, on the disk where artifacts are kept; it goes when it is disposed. */
export async function openIncoming(node: NodeContext): Promise<AsyncDisposable & { readonly path: string }> {
  await node.disk.requireRoom()
  const path = await mkdtemp(join(node.paths.content, 'incoming-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** Releases a file that lies on this disk already. */
export async function publishFile(node: NodeContext, path: string, request: PublishRequest): Promise<object> {
  const draft = await draftOf(path, request)
  request.permit?.(splitReleaseName(draft.purl).package)
  const { dryRun, claimedMs } = request
  return await release(node, path, draft, { visibility: request.public ? 'public' : 'private', dryRun, claimedMs })
}

/** How a draft becomes a release. */
interface ReleaseChoice {
  readonly visibility: FeedVisibility
  readonly dryRun: boolean
  readonly claimedMs: number | undefined
}

/** An archive is known by the ending of its file and named by its manifest. */
const endingOf = (name: string): string => /(?:\.tar)?\.[a-z]{1,8}$/i.exec(name)?.[0] ?? ''

/** Whoever installs the release writes a file of this name. @throws NodeError E_FILE_NAME */
function plainNameOf(name: string): string {
  if (isPlainFileName(name)) return name
  throw new NodeError('E_FILE_NAME', `${JSON.stringify(name.slice(0, 80))} is no file name that works everywhere`, {
    hint: 'rename the file: letters, digits and . _ - + @ ! ~ only, such as chart-7.bin',
  })
}

/** What is refused half-way is left to whoever gave the bytes: ending the stream here would end its connection. */
async function receive(bytes: Readable, path: string, limit: number): Promise<void> {
  if (!(bytes instanceof Readable)) throw new NodeError('E_USAGE', 'send the artifact as application/octet-stream')
  await using file = await open(path, 'wx', 0o600)
  let size = 0
  for await (const chunk of bytes.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    if (size + chunk.length > limit) {
      throw new NodeError('E_TOO_LARGE', `larger than ${limit} bytes`, {
        hint: 'raise limits.artifactBytes in config.yaml and start the node again',
      })
    }
    await file.writeFile(chunk)
    size += chunk.length
  }
}

async function draftOf(path: string, { name, purl, public: isPublic, kind: known }: PublishRequest): Promise<Draft> {
  const named = purl === undefined ? null : parseReleaseName(purl)
  const kind = known ?? (await kindOf(path, name, named))
  if (kind === 'file') return fileDraftOf(name, named)
  const inspection = await inspectArchive({ path }, kind)
  if (!inspection.ok) throw new NodeError(inspection.code, inspection.why)
  requireAgreement(inspection, named)
  if (isPublic) requireMayBePublic(inspection.manifest)
  const { manifest, sha512, sha1 } = inspection
  return {
    purl: manifest.purl,
    fileName: plainNameOf(manifest.fileName),
    summary: manifest.summary,
    integrity: [sha512, `sha1-${Buffer.from(sha1, 'hex').toString('base64')}`],
    manifest: { bytes: manifest.manifestBytes, media: manifest.manifestMedia },
  }
}

function fileDraftOf(name: string, named: ReleaseName | null): Draft {
  if (named === null) {
    throw new NodeError(
      'E_USAGE',
      `${JSON.stringify(name.slice(0, 80))} is no archive that this node reads a name from`,
      {
        hint: 'name it: --purl pkg:generic/NAME@VERSION',
      },
    )
  }
  return { purl: named, fileName: plainNameOf(name), summary: {}, integrity: [], manifest: null }
}

/** Reads `--purl`, in full or short form, which here must name a version. @throws NodeError E_PURL */
function parseReleaseName(text: string): ReleaseName {
  const { package: name, range } = parseSpec(text)
  const release = range === null ? null : releaseNameOf(name, range)
  if (release !== null) return release
  throw new NodeError('E_PURL', `${text.slice(0, 120)} names no version`, {
    hint: `--purl ${shortNameOf(name)}@VERSION`,
  })
}

function requireAgreement({ manifest }: InspectedArchive, named: ReleaseName | null): void {
  if (named === null || named === manifest.purl) return
  throw new NodeError('E_ARCHIVE_MISMATCH', `the archive says ${manifest.purl}, --purl says ${named}`)
}

async function release(node: NodeContext, path: string, draft: Draft, choice: ReleaseChoice): Promise<object> {
  const artifact = await node.artifacts.measure(path)
  const { package: name } = splitReleaseName(draft.purl)
  return await node.publishing.run(name, () => releaseNext(node, path, draft, artifact, choice))
}

/** One release of a package at a time: between the check and the record nobody else may take the version. */
async function releaseNext(
  node: NodeContext,
  path: string,
  draft: Draft,
  artifact: StoredArtifact,
  { visibility, dryRun, claimedMs }: ReleaseChoice,
): Promise<object> {
  const answer = { purl: draft.purl, cid: artifact.cid, size: artifact.size, sha256: artifact.sha256 }
  const known = await knownRelease(node, draft, artifact, visibility)
  if (dryRun) return { ...answer, visibility: known?.visibility ?? visibility, record: known?.record ?? null, dryRun }
  // Also for what is released already: its bytes may have been lost.
  const coming = { sha256: artifact.sha256, store: () => node.artifacts.add(path, artifact) }
  return await node.incoming.release(coming, async () => {
    if (known !== null) return { ...answer, ...known }
    const record = await withManifest(node, draft, manifest =>
      node.writer.write(visibility, [releaseOpOf(draft, artifact, manifest)], claimedMs),
    )
    return { ...answer, visibility, record: record.id }
  })
}

interface KnownRelease {
  readonly visibility: FeedVisibility
  readonly record: RecordId
}

/** The record that released exactly this as openly before, or null. @throws NodeError E_VERSION_EXISTS for other bytes. */
async function knownRelease(
  node: NodeContext,
  draft: Draft,
  { sha256 }: StoredArtifact,
  wanted: FeedVisibility,
): Promise<KnownRelease | null> {
  const { package: name, version } = splitReleaseName(draft.purl)
  const state: PackageState | null = node.library.package(node.writer.publisher, name)
  const release = version === null ? undefined : state?.releases.get(version)
  if (release === undefined) return null
  const same = release.artifacts.filter(({ artifact }) => artifact.name === draft.fileName)
  if (same.some(({ artifact }) => artifact.sha256 !== sha256)) {
    throw new NodeError('E_VERSION_EXISTS', `${draft.purl} is released already, with other bytes`, {
      hint: 'publish a new version; a release never changes',
    })
  }
  if (same.length === 0) return null
  const records = await recordsNaming(node, release, sha256)
  const open = records.find(({ visibility }) => visibility === 'public')
  return open ?? (wanted === 'public' ? null : (records[0] ?? null))
}

/** The records that release these bytes; there is no way back from a public one. */
async function recordsNaming(node: NodeContext, { records }: ReleaseState, sha256: Sha256): Promise<KnownRelease[]> {
  const naming: KnownRelease[] = []
  for (const id of records) {
    const record = await node.library.records.record(id)
    if (record === null) continue
    const body = node.parseStored(record.envelope).understood
    const isNamed =
      body?.typ === 'ops' &&
      body.ops.some(op => op.op === 'release' && op.artifacts.some(artifact => artifact.sha256 === sha256))
    if (isNamed) naming.push({ record: id, visibility: node.library.access.isPublic(record) ? 'public' : 'private' })
  }
  return naming
}

function releaseOpOf(draft: Draft, stored: StoredArtifact, manifest: Document | null): ReleaseOp {
  const artifact: Artifact = {
    name: draft.fileName,
    ...stored,
    ...(draft.integrity.length > 0 ? { integrity: draft.integrity } : {}),
  }
  return {
    op: 'release',
    purl: draft.purl,
    artifacts: [artifact],
    summary: draft.summary,
    ...(manifest === null ? {} : { manifest }),
  }
}

/** Signs with the draft's manifest, which is bytes of its own when it is too long for the record. */
async function withManifest<T>(
  node: NodeContext,
  { manifest }: Draft,
  sign: (manifest: Document | null) => Promise<T>,
): Promise<T> {
  if (manifest === null || manifest.bytes.length <= MAX_INLINE_MANIFEST_BYTES) return await sign(manifest)
  const { bytes, media } = manifest
  const { cid, size, sha256 } = await layoutOf([bytes])
  const coming = { sha256, store: () => node.artifacts.add(Readable.from([bytes])) }
  return await node.incoming.release(coming, () => sign({ media, cid, size }))
}

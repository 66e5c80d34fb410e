import { mkdtemp, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { layoutOf } from '../../federation/index.ts'
import {
  type Artifact,
  type Document,
  isPlainFileName,
  type PackageName,
  type ReleaseOp,
  shortNameOf,
  splitReleaseName,
} from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { FeedChoice } from '../library/own-feeds.ts'
import type { NodeContext } from '../node-context.ts'
import type { StoredArtifact } from '../storage/index.ts'
import { knownRelease } from './known-release.ts'
import { type Draft, type DraftRequest, draftOf } from './publish-draft.ts'

/** Manifests up to here are kept inside the record, longer ones beside it; bytes (FORMAT section 1). */
const MAX_INLINE_MANIFEST_BYTES = 16 * 1024

export interface PublishRequest extends DraftRequest {
  readonly dryRun: boolean
  /** The local name of the audience that it is for; of a public release there is none. */
  readonly audience?: string
  /** When it was published first, somewhere else; ms since 1970, claimed and shown. */
  readonly claimedMs?: number
  /** Asked with the name that the archive itself has, before anything is signed; throws for one that may not be published. */
  readonly permit?: (name: PackageName) => void
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
  return await release(node, path, draft, { to: feedChoiceOf(node, request), dryRun, claimedMs })
}

/** @throws NodeError E_USAGE for two at once, E_NOT_FOUND for an audience that is none */
function feedChoiceOf({ writer }: NodeContext, { public: isPublic, audience }: PublishRequest): FeedChoice {
  if (audience === undefined) return isPublic ? 'public' : 'private'
  if (isPublic) {
    throw new NodeError('E_USAGE', 'what is public is for everyone, not for an audience alone', {
      hint: `leave out --public, or --to ${audience.slice(0, 32)}`,
    })
  }
  writer.own.feedOf({ audience })
  return { audience }
}

/** How a draft becomes a release. */
interface ReleaseChoice {
  readonly to: FeedChoice
  readonly dryRun: boolean
  readonly claimedMs: number | undefined
}

/** An archive is known by the ending of its file and named by its manifest. */
const endingOf = (name: string): string => /(?:\.tar)?\.[a-z]{1,8}$/i.exec(name)?.[0] ?? ''

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
  { to, dryRun, claimedMs }: ReleaseChoice,
): Promise<object> {
  const known = await knownRelease(node, draft, artifact, to)
  const visibility = typeof to === 'string' ? to : 'listed'
  const isMoreOpen = known !== null && known.visibility !== visibility
  const { cid, size, sha256 } = artifact
  const note = isMoreOpen
    ? `it is ${known.visibility} already and stays so; a release is never taken back from who has it`
    : sourceNoteOf(node, splitReleaseName(draft.purl).package)
  const answer = {
    purl: draft.purl,
    cid,
    size,
    sha256,
    ...(typeof to === 'string' || isMoreOpen ? {} : to),
    ...(known === null ? {} : { already: true }),
    ...(note === null ? {} : { note }),
  }
  if (dryRun) return { ...answer, visibility: known?.visibility ?? visibility, record: known?.record ?? null, dryRun }
  // Also for what is released already: its bytes may have been lost.
  const coming = { sha256, store: () => node.artifacts.add(path, artifact) }
  return await node.incoming.release(coming, async () => {
    if (known !== null) return { ...answer, visibility: known.visibility, record: known.record }
    const record = await withManifest(node, draft, manifest =>
      node.writer.write(to, [releaseOpOf(draft, artifact, manifest)], claimedMs),
    )
    return { ...answer, visibility, record: record.id }
  })
}

/** Of a name that leads to another publisher: a node's own release goes before every route; null: it changes no source. */
function sourceNoteOf({ routes, relations, writer }: NodeContext, name: PackageName): string | null {
  const from = routes.resolve(name)
  if (from.to !== 'publisher' || from.publisher === writer.publisher) return null
  const other = relations.nameOf(from.publisher)
  return `this node’s clients get its own ${shortNameOf(name)} from this release on, and no longer that of ${other}`
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

import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { isReleased, type PackageName, releaseNameOf } from '../../../protocol/index.ts'
import { NodeError } from '../../errors.ts'
import type { NodeContext } from '../../node-context.ts'
import { openIncoming, publishFile } from '../../use-cases/publish.ts'
import { applyDeprecations } from './deprecations.ts'
import { jsonAnswer, type NpmAnswer } from './npm-answer.ts'
import { npmPackageOf } from './npm-package.ts'
import { requireTagName, setTag } from './package-tags.ts'
import { type PublishDocument, readPublishBody } from './publish-body.ts'
import { readJsonBody } from './read-json-body.ts'

/** Bytes of a tag's new version, as JSON text. */
const MAX_TAG_BODY_BYTES = 1_024

/** `npm publish`, and `npm deprecate`, which sends the same document without a tarball. */
export async function publishNpm(node: NodeContext, name: string, body: Readable): Promise<NpmAnswer> {
  const purl = requirePackage(name)
  await using folder = await openIncoming(node)
  const path = join(folder.path, 'attachment.tgz')
  const { document, hasTarball } = await readPublishBody(body, path, node.config.limits.artifactBytes)
  if (document.name !== name) throw new NodeError('E_USAGE', `the document is of ${document.name}, not of ${name}`)
  if (hasTarball) return await releaseTarball(node, purl, document, path)
  requireOwn(node, purl, name)
  const changed = await applyDeprecations(node, purl, document.versions)
  return jsonAnswer({ ok: true, id: name, changed })
}

/** Signs the release as `hanse publish` does, then the tags that came with it. */
async function releaseTarball(
  node: NodeContext,
  purl: PackageName,
  { name, versions, 'dist-tags': tags }: PublishDocument,
  path: string,
): Promise<NpmAnswer> {
  const [version, ...more] = Object.keys(versions)
  if (version === undefined || more.length > 0) throw new NodeError('E_USAGE', 'a publish is of exactly one version')
  const release = releaseNameOf(purl, version)
  if (release === null) throw new NodeError('E_PURL', `${version.slice(0, 80)} is no version`)
  if (node.library.package(node.writer.publisher, purl)?.releases.has(version) === true) {
    throw new NodeError('E_VERSION_EXISTS', `npm:${name}@${version} is released already and never changes`, {
      hint: 'publish a new version',
    })
  }
  for (const [tag, tagged] of Object.entries(tags)) {
    requireTagName(tag)
    if (tagged !== version) throw new NodeError('E_USAGE', `the tag ${tag} is of ${tagged}, not of ${version}`)
  }
  const isPublic = (accessOf(versions[version]) ?? node.routes.publishOf(purl)) === 'public'
  await publishFile(node, path, { name: 'attachment.tgz', public: isPublic, purl: release, dryRun: false, kind: 'npm' })
  for (const tag of Object.keys(tags)) await setTag(node, purl, tag, version)
  const notice = isPublic
    ? `${name}@${version} is public: announced and served to everyone`
    : `${name}@${version} is private to this node; "publishConfig": {"access": "public"} makes a release public`
  return jsonAnswer({ ok: true, success: true, id: name }, 201, { 'npm-notice': notice.replace(/[^ -~]/g, '?') })
}

/** What the package itself says, or null: some clients send `access: public` when nobody said so. */
function accessOf(manifest: unknown): 'public' | 'private' | null {
  const { publishConfig } = (manifest ?? {}) as { publishConfig?: { access?: unknown } | null }
  const access = typeof publishConfig === 'object' && publishConfig !== null ? publishConfig.access : undefined
  return access === 'public' ? 'public' : access === 'restricted' ? 'private' : null
}

/** `npm dist-tag add`: the body is the version as JSON text. */
export async function putTag(node: NodeContext, name: string, tag: string, body: Readable): Promise<NpmAnswer> {
  const purl = requirePackage(name)
  requireOwn(node, purl, name)
  const version = await readJsonBody(body, MAX_TAG_BODY_BYTES)
  if (typeof version !== 'string') throw new NodeError('E_USAGE', 'the body must be a version as JSON text')
  await setTag(node, purl, tag, version)
  return jsonAnswer({ ok: true, id: name }, 201)
}

/** `npm dist-tag rm`. */
export async function deleteTag(node: NodeContext, name: string, tag: string): Promise<NpmAnswer> {
  const purl = requirePackage(name)
  requireOwn(node, purl, name)
  await setTag(node, purl, tag, null)
  return jsonAnswer({ ok: true, id: name })
}

function requirePackage(name: string): PackageName {
  const purl = npmPackageOf(name)
  if (purl === null) throw new NodeError('E_PURL', `${name.slice(0, 80)} is no npm name`)
  return purl
}

/** Tags and deprecations are the publisher's word. */
function requireOwn(node: NodeContext, purl: PackageName, name: string): void {
  if (isReleased(node.library.package(node.writer.publisher, purl))) return
  throw new NodeError('E_NOT_FOUND', `this node has not released npm:${name}`, { hint: 'npm publish' })
}

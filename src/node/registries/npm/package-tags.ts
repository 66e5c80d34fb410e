import { validRange } from 'semver'
import type { PackageName, TagOp } from '../../../protocol/index.ts'
import { NodeError } from '../../errors.ts'
import type { NodeContext } from '../../node-context.ts'

export type TagParts = Pick<NodeContext, 'library' | 'writer' | 'parseStored'>

/** A tag that reads as a range would never be found: `npm install x@1` asks for the range. @throws NodeError E_USAGE */
export function requireTagName(tag: string): void {
  if (validRange(tag) === null && tag.trim() === tag && tag !== '') return
  throw new NodeError('E_USAGE', `${tag.slice(0, 80)} is a version range, not the name of a tag`)
}

/** Points a dist-tag of an own package at a version, or with null removes it. @throws NodeError E_NOT_FOUND, E_USAGE */
export async function setTag(node: TagParts, name: PackageName, tag: string, version: string | null): Promise<void> {
  requireTagName(tag)
  const state = node.library.package(node.writer.publisher, name)
  const release = version === null ? null : state?.releases.get(version)
  if (state === null || release === undefined) {
    throw new NodeError('E_NOT_FOUND', `this node has not released ${name}${version === null ? '' : `@${version}`}`)
  }
  if (version === null && !state.tags.has(tag)) throw new NodeError('E_NOT_FOUND', `${name} has no tag ${tag}`)
  const op: TagOp = { op: 'tag', purl: name, tag, version }
  const visibility = release?.visibility ?? ((await isTagOfPublicFeed(node, name, tag)) ? 'public' : 'private')
  await node.writer.write(visibility, [op])
  // The private feed's word counts after the public one's: a tag that it ever set has to be set there again.
  const shown = node.library.package(node.writer.publisher, name)?.tags.get(tag) ?? null
  if (visibility === 'public' && shown !== version) await node.writer.write('private', [op])
}

/** Whether a public feed of this publisher ever set a tag: a removal tells everyone the name of what it removes. */
async function isTagOfPublicFeed(
  { library, writer: { publisher }, parseStored }: TagParts,
  name: PackageName,
  tag: string,
): Promise<boolean> {
  for await (const { feed, envelope } of library.records.records(publisher)) {
    // A restored node writes other feeds than the one that may have set it.
    if (!library.access.isPublic({ publisher, feed })) continue
    const body = parseStored(envelope).understood
    if (body?.typ !== 'ops') continue
    if (body.ops.some(op => op.op === 'tag' && op.purl === name && op.tag === tag && op.version !== null)) return true
  }
  return false
}

import { validRange } from 'semver'
import type { FeedId, PackageName, TagOp } from '../../../protocol/index.ts'
import { NodeError } from '../../errors.ts'
import type { FeedChoice } from '../../library/own-feeds.ts'
import type { NodeContext } from '../../node-context.ts'
import { choicesOf, feedsOfRelease } from '../../use-cases/feeds-of-release.ts'

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
  const setting = await feedsSetting(node, name, tag)
  const choices = release ? await feedsOfRelease(node, release) : choicesOf(node, setting)
  for (const choice of choices) await node.writer.write(choice, [op])
  // The private feed's word counts after the public one's, an audience's after both: one that ever set the tag has to set it again.
  const later = choices.includes('public') ? ['private' as const, ...audiencesAmong(node, setting)] : []
  for (const choice of later) {
    const shown = node.library.package(node.writer.publisher, name)?.tags.get(tag) ?? null
    if (shown !== version) await node.writer.write(choice, [op])
  }
}

const audiencesAmong = ({ writer: { own } }: TagParts, feeds: readonly FeedId[]): readonly FeedChoice[] =>
  feeds.map(feed => own.choiceOf(feed)).filter(choice => choice !== null && typeof choice === 'object')

/** The feeds of this publisher that ever set a tag: a removal tells whoever is given the feed the name of what it removes. */
async function feedsSetting(
  { library, writer: { publisher }, parseStored }: TagParts,
  name: PackageName,
  tag: string,
): Promise<readonly FeedId[]> {
  const feeds = new Set<FeedId>()
  for await (const { feed, envelope } of library.records.records(publisher)) {
    const body = parseStored(envelope).understood
    if (body?.typ !== 'ops') continue
    if (body.ops.some(op => op.op === 'tag' && op.purl === name && op.tag === tag && op.version !== null))
      feeds.add(feed)
  }
  return [...feeds]
}

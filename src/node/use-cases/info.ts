import { type PackageName, type PublisherId, type ReleaseState, shortNameOf } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { NodeContext } from '../node-context.ts'
import { seekPublishers } from './ask-federation.ts'
import { parseSpec } from './find-package.ts'
import { type Holders, holdersOf } from './holders.ts'
import { holdingsOf } from './holdings.ts'
import { replicationOf } from './replication.ts'
import { shownRelationOf } from './shown-relation.ts'

/** Advisories shown with a package. */
const MAX_SHOWN_ADVISORIES = 20

/**
 * A package as every publisher known here has it, and who holds its bytes; a publisher known from federated search alone
 * is marked as not held, blocked ones are left out. @throws NodeError E_NOT_FOUND
 */
export async function info(node: NodeContext, purl: string): Promise<object> {
  const { package: name } = parseSpec(purl)
  const isBlocked = (id: PublisherId) => node.relations.relationOf(id).block
  const all = node.library.catalogue.publishersOf(name).filter(id => releasesOf(node, id, name).length > 0)
  const held = all.filter(id => !isBlocked(id))
  if (held.length === 0) await seekPublishers(node, name)
  const seen = node.seen.publishersOf(name).filter(id => !isBlocked(id) && !all.includes(id))
  if (held.length + seen.length === 0) throw notFound(node, name, all)
  const holders = await Promise.all(held.map(id => holdersOf(node, id, node.library.package(id, name))))
  const shown = await Promise.all(held.map((id, at) => heldPublisherOf(node, id, name, holders[at])))
  return {
    purl: name,
    publishers: [...shown, ...seen.map(id => seenPublisherOf(node, id, name))],
    holders: [...new Set(holders.flatMap(({ all }) => all))],
    looksLike: node.lookAlikes.of(name),
    advisories: advisoryFacts(node, name),
  }
}

/** What is held against a package, malware first; of the many versions it may name, `hanse advisory list` tells. */
const advisoryFacts = (node: NodeContext, name: PackageName) =>
  node.advisories
    .ofPackage(name)
    .slice(0, MAX_SHOWN_ADVISORIES)
    .map(({ id, kind, severity, summary }) => ({ id, kind, severity, summary }))

const releasesOf = (node: NodeContext, id: PublisherId, name: PackageName): readonly ReleaseState[] => [
  ...(node.library.package(id, name)?.releases.values() ?? []),
]

async function heldPublisherOf(
  node: NodeContext,
  id: PublisherId,
  name: PackageName,
  holders: Holders | undefined,
): Promise<object> {
  const state = node.library.package(id, name)
  const replication =
    state === null ? null : await replicationOf(node, await holdingsOf(node, id, [name]), state, holders)
  const versions = releasesOf(node, id, name).map(({ version, state, visibility, deprecated, artifacts }) => ({
    version,
    state,
    visibility,
    deprecated,
    artifacts: artifacts.map(({ artifact: { name: file, cid, size, sha256 } }) => ({ name: file, cid, size, sha256 })),
    ...purgedOf(node, name, version, artifacts),
  }))
  return { ...publisherOf(node, id), versions, ...node.library.popularity.useOf(id, name), replication, held: true }
}

/** Of a version that was purged here, or bytes of it: why; its record stays, and what it says. */
function purgedOf({ purges }: NodeContext, name: PackageName, version: string, artifacts: ReleaseState['artifacts']) {
  const bytes = artifacts.map(({ artifact }) => purges.whyOf(artifact)).find(why => why !== null)
  const purged = purges.whyNot(name, version) ?? bytes
  return purged === undefined ? {} : { purged }
}

/** What verified hits said: signed, but a yank or void may be missing, and files are listed once its records are here. */
function seenPublisherOf(node: NodeContext, id: PublisherId, name: PackageName): object {
  const versions = node.seen.versionsOf(name, id).map(version => ({
    version,
    state: 'unconfirmed',
    visibility: 'public',
    deprecated: null,
    artifacts: [],
  }))
  return { ...publisherOf(node, id), versions, held: false }
}

function publisherOf(node: NodeContext, id: PublisherId): object {
  return { id, name: node.relations.localNameOf(id), ...shownRelationOf(node, id) }
}

function notFound(node: NodeContext, name: PackageName, blocked: readonly PublisherId[]): NodeError {
  const short = shortNameOf(name)
  const [first] = blocked
  if (first === undefined) {
    return new NodeError('E_NOT_FOUND', `nobody known here publishes ${short}`, { hint: 'hanse search WORDS' })
  }
  const names = blocked.map(id => node.relations.nameOf(id)).join(', ')
  const hint = `hanse follow ${node.relations.nameOf(first)}`
  return new NodeError('E_NOT_FOUND', `${short} is published by nobody known here but blocked publishers: ${names}`, {
    hint,
  })
}

import {
  FOLD_NUMBER,
  type Pattern,
  type PublisherId,
  type Relation,
  type RelationChange as RelationStep,
  relationText,
} from '../../protocol/index.ts'
import { requireMatchable } from '../config/index.ts'
import { NodeError } from '../errors.ts'
import type { RelationChange } from '../http/services.ts'
import { parsePatterns } from '../library/relation-book.ts'
import { unlessDamaged } from '../library/stored-bodies.ts'
import type { NodeContext } from '../node-context.ts'
import { PURL_TYPES } from './purl-types.ts'
import { relationNoteOf, requireAllowed } from './relation-note.ts'
import { shownRelationOf } from './shown-relation.ts'

/** Changes a relation with everything that follows from it: routes, what is followed, mirrored and announced. */
export async function changeRelation(node: NodeContext, change: RelationChange, who: string): Promise<object> {
  if (change.publisher === EVERYTHING) return await changeEverything(node, change, who)
  const publisher = node.relations.resolve(change.publisher)
  if (publisher === node.writer.publisher) {
    throw new NodeError('E_RELATION', 'that is this node’s own publisher', {
      hint: 'its releases need no permission here',
    })
  }
  const patterns = parsePatterns(change.patterns)
  const { action } = change
  const isForOrigin = change.for === 'origin'
  const asked = stepOf(change, patterns)
  const name = change.as ?? (change.publisher.startsWith('bafy') ? undefined : change.publisher)
  // Everything is checked before anything is written.
  const routed = action === 'allow' ? patterns : []
  for (const match of routed) requireMatchable(match)
  for (const match of routed) node.routes.requireFree({ match, to: publisher })
  if (change.as !== undefined) requireFreeWord(change.as)
  if (change.as !== undefined) requireUnrouted(node, publisher, change.as)
  const before = node.relations.relationOf(publisher)
  const called = change.as ?? node.relations.nameOf(publisher)
  if (action === 'disallow' && !isForOrigin) requireAllowed(before, patterns, node.routes.to(publisher), called)
  const note = relationNoteOf(change, before, called)
  const relation = await node.relations.change(publisher, asked, change.as)
  try {
    for (const match of routed) await node.routes.add({ match, to: node.relations.nameOf(publisher) })
    if (action === 'disallow' && !isForOrigin) await node.routes.removeTo(publisher, patterns)
    if (action === 'block') await node.routes.removeTo(publisher, [])
    const what = `relation.${action}${isForOrigin ? '.origin' : ''}`
    await node.audit.append({ at: Date.now(), who, what, publisher, patterns })
  } finally {
    // It is on disk: what fails after that must not keep it from being carried out until the next start.
    node.applyRelations()
  }
  const unsigned = before.mirror || relation.mirror ? await node.holding.sign() : null
  const shadowing = action === 'allow' && patterns.length === 0 && !isForOrigin ? node.routes.before(publisher) : []
  const warnings = [
    ...routed.flatMap(unregisteredOf).slice(0, 1),
    ...(shadowing.length > 0 ? [`these routes keep names from it: ${shadowing.join(', ')}`] : []),
    ...(unsigned === null ? [] : [`what this node mirrors is not signed yet, and tried again later: ${unsigned}`]),
  ]
  return {
    publisher,
    name: node.relations.localNameOf(publisher) ?? name ?? null,
    relation: relationText(relation),
    ...copiesOf(relation),
    ...(Array.isArray(relation.allow) ? { patterns: relation.allow } : {}),
    ...(note === null ? {} : { note }),
    ...(warnings.length > 0 ? { warning: warnings.join('; ') } : {}),
    ...noticeOf(node, change),
  }
}

/** A type that is not registered may be meant: anybody may release under it, and a hint may name it. */
function unregisteredOf(pattern: Pattern): readonly string[] {
  const type = /^([a-z][a-z0-9.-]*):/.exec(pattern)?.[1]
  return type === undefined || PURL_TYPES.has(type) ? [] : [`${type} is no registered type of packages`]
}

/** Stands for every publisher with public releases. */
const EVERYTHING = '*'

/** Follows everything public, within `follow.*`, or no longer: what nobody here chose by name goes then. */
async function changeEverything(node: NodeContext, { action, as }: RelationChange, who: string): Promise<object> {
  if ((action !== 'follow' && action !== 'unfollow') || as !== undefined) {
    throw new NodeError('E_USAGE', `'*' is everybody: it is followed or not, and has no other relation and no name`, {
      hint: "hanse follow '*'",
    })
  }
  const everything = action === 'follow'
  const wasFollowed = node.relations.followsEverything
  await node.relations.followEverything(everything)
  if (everything) node.everything()?.lists.readAll()
  else void node.everything()?.publishers.settle()
  await node.audit.append({ at: Date.now(), who, what: `relation.${action}.everything` })
  const isOff = node.config.network.mode === 'off'
  return {
    publisher: EVERYTHING,
    relation: everything ? 'follow' : 'none',
    ...(everything || wasFollowed ? {} : { note: 'not everything was followed' }),
    ...(everything && isOff ? { warning: 'the network is off: nothing is heard of' } : {}),
    ...(everything
      ? {}
      : {
          notice: `records of publishers that nobody here chose are removed ${isOff ? 'once the network is on' : 'in the background'}`,
        }),
  }
}

/** One step of a relation. @throws NodeError E_USAGE for what `--for` does not take */
function stepOf(
  { action, copies, for: purpose = 'install' }: RelationChange,
  patterns: readonly Pattern[],
): RelationStep {
  if (copies !== undefined && action !== 'mirror') {
    throw new NodeError('E_USAGE', '--copies is for mirror alone', { hint: 'hanse mirror PUBLISHER --copies 3' })
  }
  if (copies !== undefined && purpose === 'install') return { do: 'mirror', copies }
  if (action !== 'allow' && action !== 'disallow') {
    if (purpose === 'install') return { do: action }
    throw new NodeError('E_USAGE', `${action} is for nothing in particular`, { hint: `hanse ${action} PUBLISHER` })
  }
  if (purpose === 'advisory') {
    throw new NodeError('E_USAGE', 'no publisher’s advisories are read yet: --for advisory is reserved', {
      hint: 'hanse advisory import FILE',
    })
  }
  if (purpose === 'install') return { do: action, patterns }
  if (patterns.length === 0) return { do: `${action}-origin` }
  throw new NodeError(
    'E_USAGE',
    '--for origin takes no patterns: it is about every name that a route leads to an upstream',
    {
      hint: `hanse ${action} PUBLISHER --for origin`,
    },
  )
}

/** Words that stand for something else wherever a publisher is named or shown. */
const TAKEN_WORDS = new Set(['self', 'allowed', 'nowhere'])

function requireFreeWord(as: string): void {
  if (!TAKEN_WORDS.has(as)) return
  throw new NodeError('E_USAGE', `${as} means something else here and is no name for a publisher`, {
    hint: 'choose another with --as',
  })
}

/** Routes lead to a publisher by its local name: while one does, that name stays. */
function requireUnrouted(node: NodeContext, publisher: PublisherId, as: string): void {
  const old = node.relations.localNameOf(publisher)
  const route = old === null || old === as ? undefined : node.routes.list().find(({ to }) => to === old)
  if (route === undefined) return
  throw new NodeError('E_RELATION', `the route ${route.match} leads to it as ${old}`, {
    hint: `hanse route remove '${route.match}'`,
  })
}

/** Whatever tells others what this node uses says so where it is switched on. */
function noticeOf({ config }: NodeContext, { action, for: purpose }: RelationChange): object {
  if (action === 'allow' && purpose === 'origin') {
    const whom =
      'peers signed to hold an upstream’s version are asked for it first, and so learn that this node wants it'
    return { notice: `${whom}; where the upstream is silent, this publisher’s word counts as the upstream’s` }
  }
  if (action !== 'mirror') return {}
  const when = config.network.mode === 'off' ? ' once its network is on' : ''
  return { notice: `peers learn that this node keeps this publisher’s bytes${when}` }
}

/** Of a mirrored publisher: how many copies are enough; nothing where everything is kept. */
const copiesOf = ({ copies }: Relation) => (copies === undefined ? {} : { copies })

/** Every publisher with records or a relation here. */
export async function listPublishers(node: NodeContext): Promise<object[]> {
  const ids = new Set<PublisherId>([...node.library.catalogue.publishers(), ...node.relations.known()])
  return [...ids].map(id => {
    const catalogue = node.library.catalogue.publisher(id)
    return {
      id,
      name: node.relations.localNameOf(id),
      ...shownRelationOf(node, id),
      ...copiesOf(node.relations.relationOf(id)),
      feeds: catalogue?.feeds.length ?? 0,
      releases: unlessDamaged(() => catalogue?.releases ?? 0) ?? 0,
      digest: unlessDamaged(() => catalogue?.digest ?? null),
      foldVersion: FOLD_NUMBER,
    }
  })
}

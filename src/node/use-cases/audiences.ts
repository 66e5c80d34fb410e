import {
  type FeedId,
  MAX_AUDIENCE_ITEMS,
  MAX_AUDIENCE_PEERS,
  MAX_LIVE_LISTED_FEEDS,
  type PeerId,
} from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import { createSigningKey } from '../identity/ed25519-key.ts'
import { AUDIENCE_NAME } from '../identity/identity-file.ts'
import { parsePeerIdText } from '../network/peer-id-text.ts'
import type { NodeContext } from '../node-context.ts'

/** One audience as `hanse audience list` shows it. */
interface AudienceRow {
  /** Null: of a feed that this node writes no more, as after a restore. */
  readonly name: string | null
  readonly feed: FeedId
  readonly peers: readonly PeerId[]
}

/** Every audience of this node's publisher. */
export function listAudiences(node: NodeContext): readonly AudienceRow[] {
  const { own, publisher } = node.writer
  const named = [...own.audiences].map(([name, feed]) => ({ name, feed }))
  const held = (node.library.catalogue.publisher(publisher)?.feeds ?? [])
    .filter(({ feed, visibility }) => visibility === 'listed' && !own.has(feed))
    .map(({ feed }) => ({ name: null, feed }))
  return [...named, ...held].map(each => ({
    ...each,
    peers: [...node.library.access.audienceOf({ publisher, ...each })],
  }))
}

/** Puts peers on the list of an audience, which is made if there is none of that name. @throws NodeError E_USAGE */
export async function addToAudience(node: NodeContext, name: string, peers: readonly string[], who: string) {
  const wanted = parsePeers(peers)
  return await node.audiences.run('', async () => {
    const feed = node.writer.own.audiences.get(name) ?? (await makeAudience(node, name))
    const listed = peersOf(node, feed)
    // The own node is on the list, so that members know whom they may ask.
    const missing = [node.libp2p.peerId.toString() as PeerId, ...wanted].filter(peer => !listed.has(peer))
    if (listed.size + missing.length > MAX_AUDIENCE_PEERS) {
      throw new NodeError('E_USAGE', `an audience has at most ${MAX_AUDIENCE_PEERS} peers`, {
        hint: 'a private network has members without end: network.mode private, network.authority',
      })
    }
    await write(node, name, missing, false)
    await node.audit.append({ at: Date.now(), who, what: 'audience.add', audience: name, peers: wanted })
    return answerOf(node, name, feed)
  })
}

/** Takes peers off the list: from then on they are served nothing of the feed; what they have they keep. @throws NodeError E_USAGE, E_NOT_FOUND */
export async function removeFromAudience(node: NodeContext, name: string, peers: readonly string[], who: string) {
  const unwanted = parsePeers(peers)
  if (unwanted.includes(node.libp2p.peerId.toString() as PeerId))
    throw new NodeError('E_USAGE', 'this node is on each of its lists: else no member would ask it for anything')
  return await node.audiences.run('', async () => {
    const feed = node.writer.own.feedOf({ audience: name })
    const listed = peersOf(node, feed)
    const absent = unwanted.find(peer => !listed.has(peer))
    if (absent !== undefined) {
      throw new NodeError('E_NOT_FOUND', `${absent} is not in the audience ${name}`, { hint: 'hanse audience list' })
    }
    await write(node, name, unwanted, true)
    await node.audit.append({ at: Date.now(), who, what: 'audience.remove', audience: name, peers: unwanted })
    return answerOf(node, name, feed)
  })
}

const peersOf = ({ library, writer: { publisher } }: NodeContext, feed: FeedId): ReadonlySet<PeerId> =>
  library.access.audienceOf({ publisher, feed })

const answerOf = (node: NodeContext, name: string, feed: FeedId): AudienceRow => ({
  ...{ name, feed },
  peers: [...peersOf(node, feed)],
})

/** The key is kept before anything is signed with it. */
async function makeAudience(node: NodeContext, name: string): Promise<FeedId> {
  if (!AUDIENCE_NAME.test(name)) {
    throw new NodeError('E_USAGE', `${JSON.stringify(name.slice(0, 80))} is no name for an audience`, {
      hint: 'a letter, then at most 31 of a-z, 0-9 and -',
    })
  }
  if (listAudiences(node).length >= MAX_LIVE_LISTED_FEEDS) {
    throw new NodeError('E_USAGE', `a publisher has at most ${MAX_LIVE_LISTED_FEEDS} audiences`, {
      hint: 'hanse audience add one of those that hanse audience list shows',
    })
  }
  const key = createSigningKey()
  await node.changeIdentity(identity => ({ ...identity, audiences: [...identity.audiences, { name, key }] }))
  return node.writer.own.add(name, key)
}

async function write(node: NodeContext, audience: string, peers: readonly PeerId[], undo: boolean): Promise<void> {
  for (let at = 0; at < peers.length; at += MAX_AUDIENCE_ITEMS) {
    const some = peers.slice(at, at + MAX_AUDIENCE_ITEMS)
    await node.writer.write({ audience }, [{ op: 'audience', peers: some, undo }])
  }
}

const parsePeers = (texts: readonly string[]): readonly PeerId[] => [...new Set(texts.map(parsePeerIdText))]

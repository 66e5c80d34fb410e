import type { BlockId, PeerId, PublisherId } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'

/** Peers believed of one publisher that says who holds another's bytes: a company has a few mirrors, and who lies gains no more. */
const MAX_STATED_BY_ONE = 4
/** Peers believed of all together to keep all of a publisher's bytes, or those asked for. */
export const MAX_STATED = 16
/** Peers looked at of all together that are signed to hold all or some. */
const MAX_COPIES_SEEN = 256

/** A peer that somebody signed to hold bytes of a publisher. */
export interface StatedHolder {
  readonly peer: PeerId
  /** It keeps all of them; else some of `cids` may be the publisher's. */
  readonly isWhole: boolean
  readonly cids: ReadonlySet<BlockId>
  /** Whether the word is that of the publisher itself, of this node, or of one that somebody chose here. */
  readonly isChosen: boolean
}

/**
 * Peers that are signed to keep a publisher's bytes, the word of those first who are nearest to it (`rankOf`). With a CID, also
 * peers that are signed to hold those bytes alone.
 */
export function statedHoldersOf(node: NodeContext, publisher: PublisherId, cid?: BlockId): readonly PeerId[] {
  const isMeant = ({ isWhole, cids }: Statement) => isWhole || (cid !== undefined && cids.has(cid))
  const peers = new Set<PeerId>()
  for (const { peer } of statementsOn(node, publisher, isMeant)) {
    peers.add(peer)
    if (peers.size >= MAX_STATED) break
  }
  return [...peers]
}

/** Who is signed to hold bytes of a publisher, all or some, with what they are signed to hold. */
export function statedCopiesOf(node: NodeContext, publisher: PublisherId): readonly StatedHolder[] {
  const found = new Map<PeerId, StatedHolder>()
  for (const stated of statementsOn(node, publisher, ({ isWhole, cids }) => isWhole || cids.size > 0)) {
    const known = found.get(stated.peer)
    // Of two speakers the chosen one was heard first; a whole mirror is said by either.
    if (known === undefined || (stated.isWhole && !known.isWhole && known.isChosen === stated.isChosen))
      found.set(stated.peer, stated)
    if (found.size >= MAX_COPIES_SEEN) break
  }
  return [...found.values()]
}

type Statement = Omit<StatedHolder, 'isChosen'>

/**
 * What publishers sign of who holds a publisher's bytes, by rank; of one speaker's peers a few, the connected ones first. Blocked
 * publishers are not heard, and this node itself is not among the peers.
 */
function* statementsOn(
  node: NodeContext,
  publisher: PublisherId,
  isMeant: (statement: Statement) => boolean,
): Generator<StatedHolder> {
  const self = node.libp2p.peerId.toString()
  const meant = speakersOn(node, publisher, each => each.peer !== self && isMeant(each))
  if (meant.length === 0) return
  const connected = new Set(node.connectedPeers())
  for (const { rank, stated } of meant.toSorted((a, b) => a.rank - b.rank)) {
    const inReach = stated.toSorted((a, b) => Number(connected.has(b.peer)) - Number(connected.has(a.peer)))
    for (const each of inReach.slice(0, MAX_STATED_BY_ONE)) yield { ...each, isChosen: rank < STRANGER }
  }
}

interface Speaker {
  readonly rank: number
  readonly stated: readonly Statement[]
}

/** Who says what is meant: of the thousands that say who holds what nearly all speak of their own bytes alone. */
function speakersOn(node: NodeContext, publisher: PublisherId, isMeant: (statement: Statement) => boolean): Speaker[] {
  const { catalogue } = node.library
  const speakers: Speaker[] = []
  for (const id of catalogue.statingPublishers()) {
    const stated = catalogue
      .holdsOf(id)
      .map(({ peer, publishers, cids }): Statement => {
        return { peer, isWhole: publishers.has(publisher), cids: cids as ReadonlySet<BlockId> }
      })
      .filter(isMeant)
    if (stated.length === 0 || node.relations.relationOf(id).block) continue
    speakers.push({ rank: rankOf(node, publisher, id), stated })
  }
  return speakers
}

const STRANGER = 4

/** The publisher itself, this node, whom somebody here allows or mirrors, whom somebody follows, strangers. */
function rankOf({ writer, relations }: NodeContext, publisher: PublisherId, speaker: PublisherId): number {
  if (speaker === publisher) return 0
  if (speaker === writer.publisher) return 1
  const { follow, allow, mirror } = relations.relationOf(speaker)
  if (allow !== 'none' || mirror) return 2
  return follow ? 3 : STRANGER
}

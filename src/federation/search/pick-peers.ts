import type { PeerId } from '../../protocol/index.ts'
import { COVERED_BY, MAX_COVER_PEERS, MAX_EXTRAS, MAX_FIRST_PEERS, MIN_FIRST_PEERS } from './limits.ts'

/** A connected peer as far as searches know it; publishers by their tags. */
export interface PeerCandidate {
  readonly peer: PeerId
  /** Publishers of which it sent hits that verified. */
  readonly proven: ReadonlySet<string>
  /** Publishers it says it holds; null: it was not asked yet. */
  readonly claimed: ReadonlySet<string> | null
  /** Time it usually takes to answer, ms; null: it never did. */
  readonly usualMs: number | null
  /** Its last answer did not end by the deadline. */
  readonly hasStalled: boolean
  /** When it was last asked, ms. */
  readonly askedAt: number
}

/** Whom to ask. Each candidate is in one of the lists, or left out of `extras`. */
export interface PeerPlan {
  /** Asked at once. */
  readonly first: readonly PeerCandidate[]
  /** Asked when those are late or fail, best first. */
  readonly reserve: readonly PeerCandidate[]
  /** They stalled before: asked at once, waited for by nobody. */
  readonly extras: readonly PeerCandidate[]
}

/**
 * Picks peers that cover what this node lacks: each publisher once before any twice, first by what their verified hits proved, then by
 * what they claim, who adds most first. Then peers nothing is known of, then those whose turn it is. A claim only ever orders:
 * it takes no place from a proven holder, and four of the first places go by turn.
 */
export function pickPeers(candidates: readonly PeerCandidate[], lacks: (tag: string) => boolean): PeerPlan {
  const prompt = candidates.filter(({ hasStalled }) => !hasStalled)
  const peers = prompt.length > 0 ? prompt : candidates
  const covered = new Map<string, number>()
  const cover: PeerCandidate[] = []
  for (let times = 1; times <= COVERED_BY; times++) {
    addCover(cover, covered, peers, times, ({ proven }) => [...proven].filter(lacks))
    addCover(cover, covered, peers, times, ({ claimed }) => [...(claimed ?? [])].filter(lacks))
  }
  const others = peers.filter(peer => !cover.includes(peer)).toSorted(byTurn)
  const byTheirTurn = Math.max(MAX_FIRST_PEERS - MAX_COVER_PEERS, others.filter(isStranger).length)
  const size = Math.min(MAX_FIRST_PEERS, Math.max(MIN_FIRST_PEERS, cover.length + byTheirTurn))
  const first = [...cover, ...others].slice(0, size)
  const reserve = others.filter(peer => !first.includes(peer))
  const extras = peers === prompt ? candidates.filter(({ hasStalled }) => hasStalled) : []
  return { first, reserve, extras: extras.toSorted(byTurn).slice(0, MAX_EXTRAS) }
}

const isStranger = ({ claimed, proven }: PeerCandidate): boolean => claimed === null && proven.size === 0

function byTurn(a: PeerCandidate, b: PeerCandidate): number {
  return Number(isStranger(b)) - Number(isStranger(a)) || (a.askedAt === b.askedAt ? 0 : a.askedAt - b.askedAt)
}

/** Greedy: who adds most publishers that fewer than `times` cover, the quicker first. A gain only falls, so most are not counted again. */
function addCover(
  cover: PeerCandidate[],
  covered: Map<string, number>,
  peers: readonly PeerCandidate[],
  times: number,
  heldBy: (peer: PeerCandidate) => readonly string[],
): void {
  const left = peers
    .filter(peer => !cover.includes(peer))
    .map(peer => ({ peer, held: heldBy(peer), gain: Number.POSITIVE_INFINITY }))
  const gainOf = (held: readonly string[]) => held.filter(tag => (covered.get(tag) ?? 0) < times).length
  while (cover.length < MAX_COVER_PEERS && left.length > 0) {
    const best = left.reduce((a, b) => (b.gain > a.gain || (b.gain === a.gain && isQuicker(b.peer, a.peer)) ? b : a))
    const gain = gainOf(best.held)
    if (gain === best.gain) {
      cover.push(best.peer)
      for (const tag of best.held) covered.set(tag, (covered.get(tag) ?? 0) + 1)
    }
    best.gain = gain
    if (gain === 0 || cover.includes(best.peer)) left.splice(left.indexOf(best), 1)
  }
}

const isQuicker = (a: PeerCandidate, b: PeerCandidate): boolean =>
  (a.usualMs ?? Number.POSITIVE_INFINITY) < (b.usualMs ?? Number.POSITIVE_INFINITY)

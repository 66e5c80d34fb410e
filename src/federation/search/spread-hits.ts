import { MAX_OF_ONE, SPREAD_OVER } from './limits.ts'
import type { Mergeable, Merged } from './merge-hits.ts'

/** What was placed of the ten federated hits being placed now. */
interface Placed {
  count: number
  readonly publishers: Map<string, number>
  readonly peers: Map<string, number>
}

/**
 * Keeps one stranger from filling the list: of each ten federated hits three are of one publisher without a relation, and three
 * sent by one peer alone; the next of it yields to hits at least a tenth as good. Takes and gives hits ordered by score.
 */
export function spreadHits<L extends Mergeable, F extends Mergeable>(ordered: readonly Merged<L, F>[]): Merged<L, F>[] {
  const left = [...ordered]
  const spread: Merged<L, F>[] = []
  let placed = nonePlaced()
  while (left.length > 0) {
    const [best] = left as [Merged<L, F>]
    const at = left.findIndex(({ hit, score }) => isPoor(score, best.score) || mayPlace(hit, placed))
    const isNext = at < 0 || isPoor(left[at]!.score, best.score)
    const [next] = left.splice(isNext ? 0 : at, 1) as [Merged<L, F>]
    // Who yielded stands below those it yielded to, and so does its score.
    spread.push({ hit: next.hit, score: Math.min(next.score, spread.at(-1)?.score ?? next.score) })
    if (next.hit.source === 'federated') place(next.hit.value, placed)
    if (placed.count === SPREAD_OVER) placed = nonePlaced()
  }
  return spread
}

/** A word in a description scores a fifth of one in a name: less than half of that is hardly a match. */
const isPoor = (score: number, best: number): boolean => score * 10 < best

const nonePlaced = (): Placed => ({ count: 0, publishers: new Map(), peers: new Map() })

function mayPlace({ source, value }: Merged<Mergeable, Mergeable>['hit'], { publishers, peers }: Placed): boolean {
  if (source === 'local') return true
  const { publisher, closeness = 0, from = [] } = value
  if (closeness === 0 && (publishers.get(publisher) ?? 0) >= MAX_OF_ONE) return false
  return from.length === 0 || from.some(peer => (peers.get(peer) ?? 0) < MAX_OF_ONE)
}

function place({ publisher, from = [] }: Mergeable, placed: Placed): void {
  placed.count++
  placed.publishers.set(publisher, (placed.publishers.get(publisher) ?? 0) + 1)
  for (const peer of from) placed.peers.set(peer, (placed.peers.get(peer) ?? 0) + 1)
}

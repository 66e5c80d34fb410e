import { type Hit, popularityByteOf, popularityPointsOf } from '../index/index.ts'

/** Points are floats: what differs by less is the same. */
const STEPS_PER_POINT = 1_000

/**
 * Hits in the order of their text alone, as far as peers are told: how much a package is used counts private dependents and what
 * this node's clients install. A name that is the one word asked for comes first, then names that it begins, then the rest by score.
 */
export function orderForPeers(text: string, hits: readonly Hit[]): Hit[] {
  const asked = text.trim().toLowerCase()
  return hits
    .map(hit => ({ hit, place: placeOf(asked, hit), steps: stepsOf(hit) }))
    .sort((a, b) => a.place - b.place || (a.place === REST ? b.steps - a.steps : 0) || byKey(a.hit, b.hit))
    .map(({ hit }) => hit)
}

const REST = 2

function placeOf(asked: string, { document }: Hit): number {
  const name = document.name.toLowerCase()
  if (name === asked) return 0
  return name.startsWith(asked) ? 1 : REST
}

const stepsOf = ({ document, score }: Hit): number =>
  Math.round((score - popularityPointsOf(popularityByteOf(document.popularity))) * STEPS_PER_POINT)

const byKey = ({ document: a }: Hit, { document: b }: Hit): number => (a.key < b.key ? -1 : 1)

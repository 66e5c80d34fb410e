import { popularityPointsOf, type Ranked } from '../index/index.ts'

/** Points are floats: what differs by less is the same. */
const STEPS_PER_POINT = 1_000

/**
 * Hits in the order of their text alone, as far as peers are told: how much a package is used counts private dependents and what
 * this node's clients install. A name that is the one word asked for comes first, then names that it begins, then the rest by score.
 */
export function orderForPeers(text: string, best: readonly Ranked[]): Ranked[] {
  const asked = text.trim().toLowerCase()
  return best
    .map(hit => ({ hit, place: placeOf(asked, hit), steps: stepsOf(hit) }))
    .sort((a, b) => a.place - b.place || (a.place === REST ? b.steps - a.steps : 0) || byKey(a.hit, b.hit))
    .map(({ hit }) => hit)
}

const REST = 2

function placeOf(asked: string, { name }: Ranked): number {
  const lower = name.toLowerCase()
  if (lower === asked) return 0
  return lower.startsWith(asked) ? 1 : REST
}

const stepsOf = ({ popularityByte, score }: Ranked): number =>
  Math.round((score - popularityPointsOf(popularityByte)) * STEPS_PER_POINT)

const byKey = (a: Ranked, b: Ranked): number =>
  byText(a.publisher, b.publisher) || byText(a.type, b.type) || byText(a.name, b.name)

const byText = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1)

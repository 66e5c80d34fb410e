import { EditDistance } from './edit-distance.ts'
import { squashedOf } from './tokenise.ts'

const EXACT_BONUS = 42
const SQUASHED_BONUS = 12
/** By edits between the two names without punctuation. */
const NEAR_BONUSES = [0, 9, 5]
const STARTS_WITH_BONUS = 4
/** A longer text is no name. */
const MAX_NAME_CHARS = 64

/** Points for how near a name is to the query: byte-equal, equal without punctuation, one or two edits away, starting so. */
export function nameBonusesOf(query: string): (name: string) => number {
  if (query.length > MAX_NAME_CHARS) return () => 0
  const squashed = squashedOf(query)
  const wanted = new EditDistance(Buffer.from(squashed))
  return name => {
    if (name === query) return EXACT_BONUS
    const own = squashedOf(name)
    if (own === squashed) return SQUASHED_BONUS
    const distance = Math.abs(own.length - squashed.length) <= 2 ? wanted.to(Buffer.from(own)) : 3
    const near = squashed.length > 2 * distance ? (NEAR_BONUSES[distance] ?? 0) : 0
    return near > 0 ? near : startBonusOf(squashed, own)
  }
}

/** The less is missing, the likelier the name is the one begun. */
function startBonusOf(squashed: string, own: string): number {
  if (squashed === '' || !own.startsWith(squashed)) return 0
  return (STARTS_WITH_BONUS * (1 + squashed.length / own.length)) / 2
}

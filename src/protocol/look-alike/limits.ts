/** Letters, separators left out, from which on a name is long enough to be taken for another written otherwise. */
export const MIN_SAME_LETTERS = 4
/** Letters from which on two letters swapped, one left out or one repeated are a slip: shorter names are all close to each other. */
export const MIN_SLIP_LETTERS = 5
/** Letters from which on any other letter added, or one struck beside the right key, is a slip. */
export const MIN_STRAY_LETTERS = 6
/** Names of one ecosystem that others are held against: the whole of the largest registry's used part, in about 250 MB. */
export const MAX_TRUSTED_NAMES = 1_000_000

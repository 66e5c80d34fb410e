/** Tokens of a node: one for each person and pipeline; every one is a line of `hanse token list`. */
export const MAX_TOKENS = 1_000
/** Name patterns of one token. */
export const MAX_NAME_PATTERNS = 64
/** Bytes of randomness in a token: nobody guesses one, so nothing counts who tries. */
export const TOKEN_BYTES = 32
/** The longest life of a token that expires, ms: ten years; one for longer is one that does not expire. */
export const MAX_LIFE_MS = 3_650 * 24 * 60 * 60_000
/** How long a day of use waits to be written with others, ms. */
export const WRITE_USE_AFTER_MS = 60_000

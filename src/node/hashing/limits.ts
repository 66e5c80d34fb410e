/** Places for bytes on their way to the thread that hashes: one is hashed, one waits, two are filled. */
export const HASH_PLACES = 4

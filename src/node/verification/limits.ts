/** Threads that verify signatures, about 8 MB each: two keep up with a link of a gigabit. */
export const MAX_SIGNATURE_WORKERS = 4

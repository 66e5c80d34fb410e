/** How long what was withheld is remembered, ms: as long as someone looks for the reason of a failed install. */
export const REMEMBERED_MS = 10 * 60_000
/** Askers remembered; who may read without a token can come from any address. */
export const MAX_ASKERS = 1_000
/** Versions remembered of one asker: a large install sees a few held versions of each of its packages. */
export const MAX_ENTRIES_OF_ASKER = 512
/** Versions remembered in all, 16 MB where every text is as long as it may be: then the asker heard of longest ago is forgotten. */
export const MAX_ENTRIES = 16_384
/** Characters of one text; names, versions and messages come from upstreams. */
export const MAX_TEXT_CHARS = 300

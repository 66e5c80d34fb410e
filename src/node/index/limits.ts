/** Bounds of the search index; every one caps what a query or a stranger's record can cost. */

/** Characters of a query that are read; longer ones are cut before any other work. */
export const MAX_QUERY_CHARS = 512
/** Tokens of a query that are looked up, at most: one bit each in the mask of matched tokens. */
export const MAX_QUERY_TOKENS = 16
/** Words of keywords and phrases that must stand in every hit, and words that must not: a bit each beside those of the tokens. */
export const MAX_FILTER_TOKENS = 14
/** Characters of one token; longer runs are no words and would bloat the dictionary. */
export const MAX_TOKEN_CHARS = 48
/** Characters of a description that are indexed: the protocol allows 1 KiB. */
export const MAX_DESCRIPTION_CHARS = 1024
/** Keywords of a document that are indexed: the protocol's limit. */
export const MAX_KEYWORDS = 64
/** Terms beside the exact ones that one token may stand for (prefix or typo). */
export const MAX_EXPANSIONS = 12
/** Words compared letter by letter that one query may cost, about 0.15 µs each; real ones take a few thousand. */
export const MAX_TYPO_EFFORT = 131_072
/** Bytes of a word that may be misspelt, a bit each; what is longer is found by the other words. */
export const MAX_TYPO_BYTES = 32
/** Terms with one beginning that are looked at, in their order. */
export const MAX_PREFIX_TERMS = 131_072
/** Postings that a query reads for one token and the terms it may stand for, of each the most popular documents first. */
export const MAX_POSTINGS_READ = 131_072
/** Hits a search may return. */
export const MAX_HITS = 100
/** Documents of one publisher that may not be shown: the rest of it is left out then, so that it hides nobody else's. */
export const MAX_REFUSED_OF_ONE = 100
/** Documents of one publisher that a query reads and that do not fit its filter: many, as one mirror may publish most packages. */
export const MAX_MISSED_OF_ONE = 512
/** Documents of all publishers that a query reads in vain: about 10 µs each, and as much again for each phrase. */
export const MAX_REFUSED = 1024
/** Documents that a query ranks, at most, while too few of them may be shown. */
export const MAX_CANDIDATES = 4096
/** Best documents of the ranking loop, whose names are then compared with the query. */
export const RERANK_DEPTH = 64
/** Documents whose name is the query, or starts with it, that are compared whatever their text. */
export const MAX_NAMED = 24
/** Postings in one block: a byte counts them. */
export const BLOCK_POSTINGS = 128
/** Bytes after which a page of posting blocks is closed: one LevelDB block. */
export const PAGE_BYTES = 4096
/** The same for a list of postings that is longer: a read costs as much as 4 KiB of it. */
export const LONG_PAGE_BYTES = 32_768
/** Bytes of one stored page of a column. */
export const COLUMN_PAGE_BYTES = 1 << 16
/** Documents of one base: a place of a posting has 24 bits for them. */
export const MAX_DOCUMENTS = 1 << 24
/**
 * Changes in the in-memory delta, 1 to 2 kB each, before they are merged into the base: half as many as a small base has documents, a
 * sixteenth of a large one's. A merge into less than 1,000 documents takes .2 s of a second core; the event loop waits at most 5 ms.
 */
export const MERGE_AT_CHANGES = { least: 512, ofSmallBase: 4096, most: 16_384 }
export const MERGE_AT_SHARE = { ofSmallBase: 1 / 2, ofBase: 1 / 16 }
/** Documents or terms handled before the builder lets other work run; about 5 ms. */
export const DOCUMENTS_PER_SLICE = 128
export const TERMS_PER_SLICE = 2048
/** Bytes in one LevelDB batch while a base is written. */
export const BATCH_BYTES = 1 << 20

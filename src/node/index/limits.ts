/** Bounds of the search index; every one caps what a query or a stranger's record can cost. */

/** Characters of a query that are read; longer ones are cut before any other work. */
export const MAX_QUERY_CHARS = 512
/** Tokens of a query that are looked up: one bit each in the mask of matched tokens. */
export const MAX_QUERY_TOKENS = 16
/** Characters of one token; longer runs are no words and would bloat the dictionary. */
export const MAX_TOKEN_CHARS = 48
/** Characters of a description that are indexed: the protocol allows 1 KiB. */
export const MAX_DESCRIPTION_CHARS = 1024
/** Keywords of a document that are indexed: the protocol's limit. */
export const MAX_KEYWORDS = 64
/** Terms beside the exact ones that one token may stand for (prefix or typo). */
export const MAX_EXPANSIONS = 12
/** Postings of one term that a query reads, the most popular documents first: keeps the worst query to milliseconds. */
export const MAX_POSTINGS_READ = 131_072
/** Hits a search may return. */
export const MAX_HITS = 100
/** Documents of one publisher that a query reads in vain: the rest of it is left out then, so that it hides nobody else's. */
export const MAX_REFUSED_OF_ONE = 100
/** Documents of all publishers that a query reads in vain, about 10 µs each. */
export const MAX_REFUSED = 4096
/** Hits that the re-rank looks at. */
export const RERANK_DEPTH = 40
/** Postings in one block. */
export const BLOCK_POSTINGS = 128
/** Bytes after which a page of posting blocks is closed: one LevelDB block. */
export const PAGE_BYTES = 4096
/** Terms in one stored dictionary page. */
export const DICTIONARY_PAGE_TERMS = 4096
/** Documents in the in-memory delta before it is merged into the base. */
export const MERGE_AT_DOCUMENTS = 4096
/** Documents handled before the builder lets other work run; about 5 ms. */
export const DOCUMENTS_PER_SLICE = 128
/** Operations in one LevelDB batch while a base is written. */
export const BATCH_OPERATIONS = 512

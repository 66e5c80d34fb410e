/** Bytes of one OSV document; the largest of npm, with lists of thousands of versions, stay below half of it. */
export const MAX_OSV_BYTES = 1024 * 1024
/** Packages that one advisory names; the largest campaigns found in one go are a few hundred. */
export const MAX_AFFECTED = 2_000
/** Versions that an advisory lists one by one for one package; the busiest packages have some thousands. */
export const MAX_LISTED_VERSIONS = 20_000
/** Ranges of one package, and events of one range: each is compared with every version asked about. */
export const MAX_RANGES = 256
export const MAX_EVENTS = 1_000
/** Characters of a summary: two lines of a terminal. */
export const MAX_SUMMARY_CHARS = 200
/** Characters of an advisory's id. */
export const MAX_ADVISORY_ID_CHARS = 128
/** Other names, weaknesses and references kept or looked through. */
export const MAX_ALIASES = 64
export const MAX_REFERENCES = 512
/** Characters of a reference and of a CVSS vector. */
export const MAX_REFERENCE_CHARS = 512
export const MAX_VECTOR_CHARS = 256

/** Bytes of a lock file in JSON: ten times that of a monorepo with 5,000 packages. */
export const MAX_JSON_BYTES = 32 * 2 ** 20
/** Bytes of one in YAML or yarn's own notation, whose readers take a hundred times as much memory. */
export const MAX_YAML_BYTES = 8 * 2 ** 20
/** Lines, keys and items of YAML, each of which takes its reader 600 bytes and more: a lock file of 40,000 packages. */
export const MAX_YAML_MARKS = 1_000_000
/** Entries of a lock file. */
export const MAX_ENTRIES = 100_000
/** Characters of a version, an address or a digest. */
export const MAX_FIELD_CHARS = 2_048

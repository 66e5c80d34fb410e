/** Bytes of `look-alike-names.txt`: a million names. */
export const MAX_NAMES_FILE_BYTES = 32 * 1024 * 1024
/** Names of this node's own and of allowed publishers that others are held against; further ones are not protected. */
export const MAX_NAMES_HERE = 200_000

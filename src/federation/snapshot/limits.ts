/** Records verified together while those before are committed: two groups of 1 kB records are 2 MiB of the pack in work. */
export const RECORDS_A_GROUP = 1_000
/** Time in which a peer has to name its snapshot, in ms. */
export const MANIFEST_MS = 5_000
/** Time that one pack may take, in ms: 32 MiB at 256 kB/s. */
export const PACK_MS = 128_000
/** Credit of a request for a manifest: one envelope. */
export const MANIFEST_CREDIT_BYTES = 128 * 1024

import { MAX_BLOCK_BYTES } from '../../protocol/index.ts'

/** Bytes of a leaf: Helia's default chunk (specification section 12.3). */
export const LEAF_BYTES = MAX_BLOCK_BYTES
/** Longest message of leaf bytes, bytes: a quarter of the usual credit, so that credit flows while bytes are hashed. */
export const SLICE_BYTES = 256 << 10
/** Credit of an artifact's transfer, bytes: one of them may fill a stream only half, so that two run side by side. */
export const TRANSFER_CREDIT_BYTES = 2 << 20
/** Longest wait for a provider's stream, dialling included, and then for its first byte, ms: a peer gets a short time, then the next is asked. */
export const PROVIDER_FIRST_BYTE_MS = 3_000
/** Most providers asked for one artifact or block. */
export const MAX_PROVIDERS = 16

import { MAX_BLOCK_BYTES } from '../../protocol/index.ts'

/** Bytes of a leaf: Helia's default chunk (specification section 12.3). */
export const LEAF_BYTES = MAX_BLOCK_BYTES
/** Longest message of leaf bytes, bytes: a quarter of the usual credit, so that credit flows while bytes are hashed. */
export const SLICE_BYTES = 256 << 10
/** Credit of an artifact's transfer, bytes: one of them may fill a stream only half, so that two run side by side. */
export const TRANSFER_CREDIT_BYTES = 2 << 20
/** Longest wait for a provider's stream, dialling included, and then for its first byte, ms: a peer gets a short time, then the next is asked. */
export const PROVIDER_FIRST_BYTE_MS = 3_000
/** Waiting in vain for one artifact or block after which the next providers get less time, ms: ten that use all of theirs. */
export const PATIENT_SEEK_MS = 30_000
/** Wait for a provider's first byte from then on, ms: one round trip of a connected peer, so that silent ones do not wear out a fetch. */
export const HURRIED_FIRST_BYTE_MS = 300
/** Longest waiting for providers in vain, ms, over all of one artifact or block: each of 300 connected peers is asked once. */
export const SEEK_MS = 120_000
/** Most providers that may fail one artifact or block: late, broken off or altered; above all connections and signed holders together. */
export const MAX_FAILED_PROVIDERS = 512
/** Peers asked at once whether they have an artifact. */
export const PARALLEL_PROBES = 16
/** Longest wait for that answer, dialling included, ms. */
export const PROBE_MS = 1_500
/** Leaves of an artifact that one spot check asks for: who keeps half of it is caught three times in four. */
export const MAX_CHECKED_LEAVES = 2
/** Longest wait for all of a spot check, ms: 2 MiB at 128 kB/s. */
export const SPOT_CHECK_MS = 16_000

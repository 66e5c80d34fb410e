import { ARCHIVE_LIMITS } from '../../archives/limits.ts'

const MIB = 1024 * 1024

/** Bytes of one packument, compressed and not: the largest that clients ask for have about 30 MiB. */
export const MAX_PACKUMENT_BYTES = 64 * MIB
/** Bytes of one tarball: the node's limit for any artifact. */
export const MAX_TARBALL_BYTES = ARCHIVE_LIMITS.artifactBytes
/** Versions of one package: the largest on npm have some ten thousand. */
export const MAX_VERSIONS = 100_000
/** Members of `versions`, `time` and their like, seen before parsing: objects of a million members cost a second. */
export const MAX_MEMBERS = MAX_VERSIONS + 10
/** Containers and commas in one packument, which bounds its size in memory: the largest on npm have a fifth. */
export const MAX_JSON_VALUES = 4_000_000
/** Containers in containers: writers of JSON recurse. Shrinkwraps in old manifests reach about 60. */
export const MAX_JSON_DEPTH = 512
/** Bytes of a version: the protocol's bound is the catalogue's, so a longer one could never be recorded. */
export { MAX_VERSION_BYTES } from '../../../protocol/index.ts'
/** Characters of one integrity text: a dozen sha512 digests. */
export const MAX_INTEGRITY_CHARS = 2048
/** Characters of an ETag or a date kept for revalidation. */
export const MAX_VALIDATOR_CHARS = 1024
/** Names of which a 404 is remembered; a guessing client fills it, so it is small. */
export const MAX_MISSES = 10_000
/** Ms for which a 404 is remembered: npm asks for every missing package twice, people publish and try again. */
export const MISS_MS = 60_000
/** Names of which a refusal of their document is remembered, each with a sentence. */
export const MAX_REFUSALS = 1_000
/** Ms after a failed refresh before the same document is asked for again in the background. */
export const REFRESH_PAUSE_MS = 5_000
/** Ms for which a document without the wanted version is believed: clients ask for versions just published, or guess. */
export const VERSION_MISS_MS = 10_000
/** Bytes of compressed documents kept in memory: those of an ordinary project's thousand packages. */
export const MEMORY_BYTES = 32 * MIB
/** Bytes of a tarball kept in memory while it is downloaded; a larger one waits in a file. Nine of ten are smaller. */
export const SPOOL_MEMORY_BYTES = 512 * 1024
/** Bytes read at once from a spool's file. */
export const SPOOL_READ_BYTES = 256 * 1024

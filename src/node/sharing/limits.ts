const KIB = 1024

/** Ms that statements wait for others to share their record: a client's install pulls hundreds of versions in seconds. */
export const BATCH_MS = 2_000
/** Versions stated at once: each has two ops at least, and a record has 256. */
export const BATCH_VERSIONS = 96
/** Bytes of ops in one record, about: the record has 64 KiB, its frame and signature a few hundred bytes. */
export const MAX_OPS_BYTES = 56 * KIB
/** Versions waiting to be stated, some 100 bytes each; of more all that is kept is looked through again. */
export const MAX_WAITING_VERSIONS = 4_096
/** Bytes of the document that travels with a version; its manifest as the upstream lists it has one or two thousand. */
export const MAX_MANIFEST_BYTES = 256 * KIB
/** Tags that a version's document may name, and characters of one. */
export const MAX_TAGS = 32
export const MAX_TAG_CHARS = 128
/** Optional dependencies whose manifests travel with the version that names them: packages for some twenty platforms. */
export const MAX_SIBLINGS = 64
/** Versions in a document that is made of statements, the newest: each costs a small fetch, and anybody may state any number. */
export const MAX_MADE_VERSIONS = 128
/** Bytes of the manifests in such a document, of the newest versions: usual ones have a tenth. Any may be as large as one can be. */
export const MAX_MADE_BYTES = 2 * KIB * KIB
/** Manifests fetched at once for one document. */
export const PARALLEL_MANIFESTS = 8
/** Ms that making one document may take. */
export const MAKING_MS = 20_000
/** Bytes of made documents kept in memory, compressed: those of an ordinary project's thousand packages. */
export const MADE_BYTES = 8 * KIB * KIB
/** Names of which is remembered what their upstream says of the versions that were stated, some 100 bytes each. */
export const MAX_COMPARED_NAMES = 20_000
/** Artifacts asked of peers at once while the upstream could be asked instead; more go to the upstream straight away. */
export const MAX_HURRIED_FETCHES = 16
/** Connected holders asked one after the other, within one time-out together. */
export const MAX_HURRIED_PEERS = 4
/** Ms between two pieces of an answer of a peer, while the upstream could be asked instead. */
export const HURRIED_IDLE_MS = 1_000
/** Bytes a millisecond at least, over the whole of such an answer: slower ones are no gain over an upstream. */
export const HURRIED_BYTES_PER_MS = 256
/** Different artifacts tried for one version: honest publishers all name one. */
export const MAX_TRIED_ARTIFACTS = 4
/** Ms that peers together may take for one artifact when the upstream is down. */
export const PATIENT_MS = 60_000
/** Artifacts remembered as having the digests that somebody stated. */
export const MAX_CHECKED = 10_000
/** Statements of one publisher about one version that are read, the first ones: honest ones make two, and two digests dispute each other already. */
export const MAX_STATEMENTS_OF_VERSION = 64
/** Parties that a dispute names. */
export const MAX_NAMED_PARTIES = 8

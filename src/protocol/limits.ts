/**
 * Every bound of wire format v1 (specification section 5): unit in the name, reason beside it.
 * A published limit never changes meaning; a higher one needs a new format version.
 */

const KIB = 1024
const MIB = 1024 * KIB

/** Payload plus signatures as received; a small release is about 435 bytes, so a peer's worst case stays 150 of those. */
export const MAX_RECORD_BYTES = 64 * KIB
/** One block of an artifact: Helia's leaf size, the most a stranger makes us buffer before a hash check. */
export const MAX_BLOCK_BYTES = MIB
/** Default bound of one artifact; an operator may raise it. */
export const DEFAULT_MAX_ARTIFACT_BYTES = 100 * MIB
/** A size field above this is nonsense (1 TiB) whatever the operator allows. */
export const MAX_SIZE_FIELD_BYTES = 1024 ** 4
/** Nesting of arrays, maps; bodies need 7, scanners stay flat. */
export const MAX_DEPTH = 16
/** Characters of a map key. */
export const MAX_KEY_CHARS = 32
/** Value `verify record` and wire messages may parse: one content frame. */
export const MAX_VALUE_BYTES = 4 * MIB

/** Network id `[a-z0-9-]`. */
export const MAX_NETWORK_ID_CHARS = 32
/** A list of signatures; hybrid keys need 2, the rest is room. */
export const MAX_SIGNATURES = 8
/** SLH-DSA-SHA2-128s signatures are 7,856 bytes, the largest in the registry. */
export const MAX_SIGNATURE_BYTES = 7_856
/** ML-DSA-65 public keys are 1,952 bytes, the largest in the registry. */
export const MAX_PUBLIC_KEY_BYTES = 1_952
/** Root keys, next and recovery digests of one identity. */
export const MAX_ROOT_KEYS = 16
/** Live delegates of one publisher: each is a feed that every follower keeps a head for. */
export const MAX_LIVE_FEEDS = 64
/** Patterns that count of all delegates of one live feed: each op of the feed is held against them; one delegate has as many. */
export const MAX_FEED_PATTERNS = 64
/** Voids that count of one feed: each may have the whole feed counted again; a feed has one, seldom two. */
export const MAX_FEED_VOIDS = 16
/** Heads that the voids of one publisher name: each is asked for until it is held; a feed has one void, seldom two. */
export const MAX_VOIDED_HEADS = 1_000
/** Salt of an identity: makes two genesis records of one key differ. */
export const MIN_SALT_BYTES = 16
export const MAX_SALT_BYTES = 32

/** Ops of one record. */
export const MAX_OPS = 256
/** Artifacts of one release op and of one version. */
export const MAX_ARTIFACTS = 256
/** A package's name as its ecosystem has it: npm's limit. */
export const MAX_NAME_BYTES = 214
/** A version as its ecosystem has it. */
export const MAX_VERSION_BYTES = 128
/** A package URL: name and version, each byte percent-encoded, and the type. */
export const MAX_PURL_BYTES = 3 * (MAX_NAME_BYTES + MAX_VERSION_BYTES) + 64
/** An artifact's file name: what file systems take. */
export const MAX_FILE_NAME_BYTES = 255
/** `sha512-…` and the like: at most 8 of at most 128 bytes. */
export const MAX_INTEGRITY_ITEMS = 8
export const MAX_INTEGRITY_BYTES = 128
/** A foreign document up to this size is inside the record, above it beside. */
export const MAX_INLINE_DOCUMENT_BYTES = 16 * KIB
export const MAX_MEDIA_TYPE_BYTES = 128
export const MAX_DESCRIPTION_BYTES = KIB
export const MAX_KEYWORDS = 64
export const MAX_KEYWORD_BYTES = 64
export const MAX_LICENSE_BYTES = 256
/** Dependencies of one release: the largest npm manifest seen has about 1,000; fewer fit one record anyway. */
export const MAX_DEPENDENCIES = 1_024
export const MAX_RANGE_BYTES = 256
export const MAX_DEPENDENCY_KIND_BYTES = 16
/** Why something was yanked, deprecated or voided. */
export const MAX_REASON_BYTES = KIB
/** A dist-tag. */
export const MAX_TAG_BYTES = 128
export const MAX_UPSTREAM_BYTES = 64
export const MAX_DIGEST_TEXT_BYTES = 128
/** Patterns of one delegate. */
export const MAX_SCOPE_PATTERNS = 64
export const MAX_PATTERN_BYTES = 256
/** Publishers or CIDs of one holds op. */
export const MAX_HOLDS_ITEMS = 256
export const MAX_PEER_ID_BYTES = 128
/** Copies that a mirror may want to be enough: one is no redundancy, and no more holders than 16 are believed. */
export const MIN_WANTED_COPIES = 2
export const MAX_WANTED_COPIES = 16
/** Peers of one audience op. */
export const MAX_AUDIENCE_ITEMS = 256
/** Peers on the list of one listed feed: a larger circle is a private network's. */
export const MAX_AUDIENCE_PEERS = 1_024
/** Listed feeds of a publisher that count, apart from its other live feeds: those count alike where `listed` is not known. */
export const MAX_LIVE_LISTED_FEEDS = 64
export const MAX_MEMBER_NAME_BYTES = 64
/** Peers that one publisher says are members, or are none any more; about 20 MB of records. */
export const MAX_MEMBERS = 65_536
/** Nodes a profile names. */
export const MAX_PROFILE_NODES = 16
export const MAX_PROFILE_NAME_BYTES = 64
export const MAX_CONTACT_BYTES = 256

/** An envelope up to this size is gossiped itself, above it its signed head. */
export const MAX_ANNOUNCED_ENVELOPE_BYTES = 4 * KIB
/** An announcement: an envelope and its frame. */
export const MAX_ANNOUNCEMENT_BYTES = 5 * KIB
/** Shards of the record topic: the shard number is one byte. */
export const MAX_SHARDS = 256

/** A node record with its signature: 512 of them are 2 MiB. */
export const MAX_NODE_RECORD_BYTES = 4 * KIB
/** Addresses of one node: a few networks, IPv4 and IPv6, two transports each. */
export const MAX_NODE_ADDRESSES = 16
/** A multiaddr through a relay is about 150 characters. */
export const MAX_NODE_ADDRESS_BYTES = 256
export const MAX_NODE_ROLES = 16
/** Publishers a node record names as mirrored, 42 bytes each; a node that mirrors more is asked itself. */
export const MAX_NODE_MIRRORS = 64
/** Most publishers that a node record names as held, by their tags: 13 bytes each; searches are told all by the node itself. */
export const MAX_NODE_HELD = 64
/** Name and version of a program. */
export const MAX_SOFTWARE_BYTES = 64

/** Public keys kept parsed, about 1 KiB each: 64 live feeds of 64 busy publishers. */
export const MAX_CACHED_KEYS = 4_096
/** Bytes of one pack of a snapshot: fetched whole into memory before its records are taken in. */
export const MAX_SNAPSHOT_PACK_BYTES = 32 * MIB
/** Packs of a snapshot: their list fits one envelope (about 190 B each); 8 GiB of records. */
export const MAX_SNAPSHOT_PACKS = 256

const MIB = 1024 * 1024

/** Bytes of free disk below which nothing new is written: room for LevelDB's log (4 MiB) and one table flushed from it. */
export const DISK_RESERVE_BYTES = 8 * MIB
/** Bytes of free disk above which the answer is kept, and bytes that no disk that nodes run on writes in a second. */
export const AMPLE_DISK_BYTES = 4096 * MIB
/** How long an answer that the disk is amply free is kept at least and at most, ms: to ask is half of a small commit's processor time. */
export const FREE_BYTES_MS = 1_000
export const MAX_FREE_BYTES_MS = 10_000
/** Bytes of foreign blocks kept for other IPFS users; Helia's callers, not the operator, fill this. */
export const FOREIGN_BLOCKS_QUOTA_BYTES = 256 * MIB
/** Bytes of one foreign block: what bitswap peers accept at most is 2 MiB. */
export const MAX_FOREIGN_BLOCK_BYTES = 2 * MIB
/** Bytes of one leaf of an artifact (FORMAT section 3). */
export const LEAF_BYTES = MIB
/** Leaves of one artifact: a root block names at most 1,024 (FORMAT section 3). */
export const MAX_LEAVES = 1024
/** Bytes of one artifact the store accepts at all: one root block of full leaves; policy asks for less. */
export const MAX_STORED_ARTIFACT_BYTES = MAX_LEAVES * LEAF_BYTES
/** Bytes on disk that interrupted fetches may keep: one artifact of the largest kind, or many of the usual. */
export const KEPT_PARTIALS_BYTES = 1024 * MIB
/** Interrupted fetches kept. */
export const MAX_KEPT_PARTIALS = 64
/** How long an interrupted fetch is kept without getting further, ms: who still wants it has tried again by then. */
export const KEPT_PARTIAL_MS = 7 * 24 * 60 * 60 * 1_000
/** Bytes of keys and values joined in one group commit: bounds LevelDB's log record and the memory of a burst. */
export const MAX_GROUP_COMMIT_BYTES = 4 * MIB
/** Bytes of a local state file: relations and tokens of a large node take far less. */
export const MAX_STATE_FILE_BYTES = 16 * MIB
/** How long what can be made anew waits for a commit to go with, ms: what a power cut in this time takes is read from the records at the next start. */
export const RIDE_MS = 1_000
/** Bytes of one line of a backup: a record of 64 KiB in base64 and its place, or a document of local state. */
export const MAX_BACKUP_LINE_BYTES = 24 * MIB
/** Lines of a backup: ten million records; a file that says more is not ours. */
export const MAX_BACKUP_LINES = 10_000_000
/** Keys of one look-up that are read in line, some microseconds each where LevelDB has them in memory: a thread's turn costs 100 to 200. */
export const MAX_READ_AT_ONCE = 8
/** Read from the disk at once where many records are wanted: a quarter of the largest range. */
export const SCAN_BYTES = 256 * 1024

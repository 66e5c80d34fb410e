import {
  MAX_DEPENDENCIES,
  MAX_DESCRIPTION_BYTES,
  MAX_KEYWORD_BYTES,
  MAX_KEYWORDS,
  MAX_LICENSE_BYTES,
  MAX_NAME_BYTES,
  MAX_RANGE_BYTES,
} from '../../protocol/index.ts'

/** What an archive may cost the node that reads it; DESIGN section 8. */
export interface ArchiveLimits {
  /** Bytes of the artifact as downloaded: one transfer and one read stay short. */
  readonly artifactBytes: number
  /** Bytes unpacked (tar stream, or the sum of zip files): bounds the time of one inspection. */
  readonly unpackedBytes: number
  /** Entries, implied directories included: bounds the path tree in memory. */
  readonly entries: number
  /** UTF-8 bytes of one path: PATH_MAX of a client less its own prefix. */
  readonly pathBytes: number
  /** UTF-8 bytes of all paths together: bounds the entry list in memory. */
  readonly allPathBytes: number
  /** Components of one path: clients recurse over directories. */
  readonly depth: number
  /** Bytes of one captured manifest: it is parsed in memory. */
  readonly manifestBytes: number
  /** Bytes of a wheel's RECORD, about 160 for each of 100,000 files. */
  readonly recordBytes: number
  /** Bytes of one PAX header: it is parsed in memory. */
  readonly paxBytes: number
}

export const ARCHIVE_LIMITS: ArchiveLimits = {
  artifactBytes: 100 * 2 ** 20,
  unpackedBytes: 512 * 2 ** 20,
  entries: 100_000,
  pathBytes: 1024,
  allPathBytes: 16 * 2 ** 20,
  depth: 64,
  manifestBytes: 2 ** 20,
  recordBytes: 16 * 2 ** 20,
  paxBytes: 64 * 2 ** 10,
}

/** Below this many unpacked bytes any ratio is harmless. */
const FREE_BYTES = 2 ** 20
/** Above this many unpacked bytes the stricter ratio holds. */
const BULK_BYTES = 64 * 2 ** 20
const RATIO = 200
const BULK_RATIO = 50

/** The most bytes an artifact of `size` bytes may unpack to by ratio alone; DESIGN section 8. */
export function unpackedBytesByRatio(size: number): number {
  if (size * BULK_RATIO > BULK_BYTES) return size * BULK_RATIO
  return Math.max(FREE_BYTES, Math.min(BULK_BYTES, size * RATIO))
}

/** What a summary carries into a record of at most 64 KiB; FORMAT section 1. */
export const SUMMARY_LIMITS = {
  descriptionBytes: MAX_DESCRIPTION_BYTES,
  keywords: MAX_KEYWORDS,
  keywordBytes: MAX_KEYWORD_BYTES,
  licenseBytes: MAX_LICENSE_BYTES,
  dependencies: MAX_DEPENDENCIES,
  /** Bytes of all names, ranges and kinds: leaves half of a record for artifacts and manifest. */
  dependenciesBytes: 24 * 2 ** 10,
  dependencyNameBytes: MAX_NAME_BYTES,
  dependencyRangeBytes: MAX_RANGE_BYTES,
} as const

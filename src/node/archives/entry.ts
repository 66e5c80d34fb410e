/** One file or directory of an archive, as its validated header says. */
export interface ArchiveEntry {
  /** Path as in the archive, components joined by `/`, no slash at the end. */
  readonly path: string
  readonly type: 'file' | 'directory'
  /** Bytes; 0 for a directory. */
  readonly size: number
  readonly executable: boolean
}

/** Takes the bytes of one file, chunk by chunk. */
export type FileSink = (chunk: Uint8Array) => void

/** Asked for every file before its bytes come. */
export type OpenFile = (path: string) => FileSink

/** What a validator found when the whole archive kept the profile. */
export interface ArchiveContents {
  readonly entries: readonly ArchiveEntry[]
  /** Names at the top: exactly one in a tar. */
  readonly roots: readonly string[]
  /** Bytes of the tar stream, or of all files of a zip. */
  readonly unpackedBytes: number
}

/** Counts unpacked bytes against one bound; the refusal says which rule set it. */
export interface UnpackedMeter {
  count(bytes: number): void
}

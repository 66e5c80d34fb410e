/** The archives a node reads. */
export type ArchiveKind = 'npm' | 'wheel' | 'sdist' | 'crate'

export const ARCHIVE_KINDS: readonly ArchiveKind[] = ['npm', 'wheel', 'sdist', 'crate']

/** The archives a node reads. */
export type ArchiveKind = 'npm' | 'wheel' | 'sdist' | 'crate'

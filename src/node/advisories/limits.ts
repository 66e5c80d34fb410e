/** Bytes of one import request: the CLI sends about a quarter of it, or one document of the largest kind. */
export const MAX_IMPORT_BYTES = 4 * 1024 * 1024
/** Documents taken in before other requests get their turn: a few milliseconds. */
export const IMPORT_SLICE = 50
/** Advisories of one package; the longest lists of npm are below two hundred. */
export const MAX_ADVISORIES_PER_PACKAGE = 1_000
/** Weight of the packages kept ready: advisories, spans and listed versions, about 100 bytes each. */
export const MAX_READY_WEIGHT = 100_000
/** Kinds of reasons that an import tells; later ones are counted as others. */
export const MAX_REASONS = 20

/** What a script may rely on (DESIGN section 9). */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAuthorised: 4,
  refused: 5,
  network: 6,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** The one table from error codes to exit codes; a code that is not in it exits 1. */
const EXIT_OF_CODE: ReadonlyMap<string, ExitCode> = new Map([
  ['E_USAGE', EXIT.usage],
  ['E_CONFIG', EXIT.usage],
  ['E_PURL', EXIT.usage],
  ['E_PATTERN', EXIT.usage],
  ['E_RANGE', EXIT.usage],
  ['E_ROUTE', EXIT.usage],
  ['E_ID', EXIT.usage],
  ['E_MULTIADDR', EXIT.usage],
  ['E_PUBLISHER', EXIT.usage],
  ['E_INVALID_INPUT', EXIT.usage],
  ['E_UNSUPPORTED_MEDIA', EXIT.usage],
  ['E_NOT_FOUND', EXIT.notFound],
  ['E_UNAUTHORISED', EXIT.notAuthorised],
  ['E_FORBIDDEN_HOST', EXIT.notAuthorised],
  ['E_NO_ROUTE', EXIT.refused],
  ['E_AMBIGUOUS', EXIT.refused],
  ['E_POLICY_DENIED', EXIT.refused],
  ['E_ARTIFACT_ALTERED', EXIT.refused],
  ['E_YANKED', EXIT.refused],
  ['E_CONFLICT', EXIT.refused],
  ['E_ARCHIVE', EXIT.refused],
  ['E_VERSION_EXISTS', EXIT.refused],
  ['E_MANIFEST', EXIT.refused],
  ['E_TOO_LARGE', EXIT.refused],
  ['E_FILE_NAME', EXIT.refused],
  ['E_SIGNATURE', EXIT.refused],
  ['E_RECORD_REFUSED', EXIT.refused],
  ['E_BACKUP', EXIT.refused],
  ['E_BACKUP_CORRUPT', EXIT.refused],
  ['E_ARTIFACT_MISMATCH', EXIT.refused],
  ['E_NO_PROVIDER', EXIT.network],
  ['E_NETWORK', EXIT.network],
  ['E_NO_NODE', EXIT.network],
  ['E_PEER_UNREACHABLE', EXIT.network],
  ['E_TIMEOUT', EXIT.network],
  ['E_LISTEN', EXIT.network],
  ['E_ARTIFACT_INCOMPLETE', EXIT.network],
  ['E_INTERRUPTED', EXIT.interrupted],
  ['E_ABORTED', EXIT.interrupted],
])

/** The exit code of an error code; every refusal of the archive validator (`E_ARCHIVE_…`) is one of verification. */
export function exitCodeOf(code: string): ExitCode {
  return EXIT_OF_CODE.get(code) ?? (code.startsWith('E_ARCHIVE_') ? EXIT.refused : EXIT.failed)
}

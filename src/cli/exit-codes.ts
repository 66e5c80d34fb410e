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

/** The one table from error codes to exit codes; every code that this program can raise is in it. */
const EXIT_OF_CODE: ReadonlyMap<string, ExitCode> = new Map([
  ...codes(
    EXIT.failed,
    // What was asked clashes with what is decided here already.
    ...['E_RELATION', 'E_ROUTE_TAKEN', 'E_NAME_TAKEN', 'E_HOME_EXISTS', 'E_FILE_EXISTS'],
    // The home, its disk or this machine.
    ...['E_HOME_IN_USE', 'E_HOME_NEWER', 'E_HOME_CORRUPT', 'E_IDENTITY', 'E_FILE', 'E_FILE_CORRUPT', 'E_BACKUP_NEWER'],
    ...[
      'E_DISK_FULL',
      'E_QUOTA_EXCEEDED',
      'E_STORAGE_FAILED',
      'E_STORE_FAILED',
      'E_HASHING_FAILED',
      'E_VERIFYING_FAILED',
      'E_RECORD_CORRUPT',
      'E_FEED_CLONED',
    ],
    ...['E_NPM', 'E_SELF_TEST', 'E_BAD_ANSWER', 'E_CLOSED', 'E_INTERNAL'],
  ),
  ...codes(
    EXIT.usage,
    ...['E_USAGE', 'E_CONFIG', 'E_PURL', 'E_PATTERN', 'E_RANGE', 'E_ROUTE', 'E_ID', 'E_MULTIADDR', 'E_PUBLISHER'],
    ...['E_WHICH_FILE', 'E_UNSUPPORTED_MEDIA'],
  ),
  ...codes(EXIT.notFound, 'E_NOT_FOUND'),
  ...codes(EXIT.notAuthorised, 'E_UNAUTHORISED', 'E_FORBIDDEN', 'E_FORBIDDEN_HOST', 'E_PLAIN_HTTP'),
  ...codes(
    EXIT.refused,
    // By policy.
    ...['E_NO_ROUTE', 'E_AMBIGUOUS', 'E_POLICY_DENIED', 'E_VERSION_EXISTS', 'E_TOO_LARGE', 'E_PURGED'],
    // Bytes that are not what they should be.
    ...['E_ARTIFACT_ALTERED', 'E_ARTIFACT_MISMATCH', 'E_DIGEST', 'E_BACKUP', 'E_BACKUP_CORRUPT', 'E_SIGNATURE'],
    ...['E_DIGEST_MISMATCH', 'E_FILE_NAME'],
    // Records and messages that break the specification.
    ...['E_ENCODING', 'E_TEXT', 'E_DEPTH', 'E_SIZE', 'E_ENVELOPE', 'E_ALGORITHM', 'E_RECORD', 'E_VERSION', 'E_BODY'],
    ...['E_OTHER_NETWORK', 'E_MESSAGE', 'E_FEED', 'E_FORK', 'E_PROTOCOL_VIOLATION'],
  ),
  ...codes(
    EXIT.network,
    ...['E_NETWORK', 'E_NO_NODE', 'E_NO_PROVIDER', 'E_LISTEN', 'E_ARTIFACT_INCOMPLETE'],
    // A peer that does not answer, or not with what was asked for.
    ...['E_PEER_UNREACHABLE', 'E_PEER_IDENTITY', 'E_PEER_FAILED', 'E_PEER_SILENT', 'E_STREAM_CLOSED', 'E_TOO_SLOW'],
    ...['E_FIRST_BYTE_LATE', 'E_REFUSED', 'E_BUSY', 'E_BAD_REQUEST', 'E_CANCELLED', 'E_STALLED'],
    // The same of an upstream registry.
    ...[
      'E_UPSTREAM_DOWN',
      'E_UPSTREAM_FAILED',
      'E_UPSTREAM_TIMEOUT',
      'E_UPSTREAM_REFUSED',
      'E_UPSTREAM_ANSWER',
      'E_UPSTREAM_DOCUMENT',
    ],
    ...['E_UPSTREAM_TOO_LARGE', 'E_UPSTREAM_TRUNCATED'],
  ),
  ...codes(EXIT.interrupted, 'E_INTERRUPTED', 'E_ABORTED'),
])

function codes(exit: ExitCode, ...names: readonly string[]): (readonly [string, ExitCode])[] {
  return names.map(name => [name, exit])
}

/** The deliberate exit code of an error code, or null; every refusal of the archive validator (`E_ARCHIVE_…`) is one of verification. */
export function listedExitCodeOf(code: string): ExitCode | null {
  return EXIT_OF_CODE.get(code) ?? (code.startsWith('E_ARCHIVE_') ? EXIT.refused : null)
}

/** The exit code of an error code; one that only a newer node knows is a failure. */
export function exitCodeOf(code: string): ExitCode {
  return listedExitCodeOf(code) ?? EXIT.failed
}

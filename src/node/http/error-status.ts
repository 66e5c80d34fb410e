/** HTTP statuses of error codes; what is in neither table is 500 and a fault of the node or its home. */
const STATUS: ReadonlyMap<string, number> = new Map([
  ...codes(400, 'E_USAGE', 'E_CONFIG', 'E_PURL', 'E_PATTERN', 'E_RANGE', 'E_ROUTE', 'E_ID', 'E_MULTIADDR'),
  ...codes(
    400,
    'E_PUBLISHER',
    'E_FILE_NAME',
    'E_WHICH_FILE',
    'E_TEXT',
    'E_ENCODING',
    'E_SIZE',
    'E_DEPTH',
    'E_ALGORITHM',
  ),
  ...codes(401, 'E_UNAUTHORISED'),
  ...codes(403, 'E_FORBIDDEN', 'E_PLAIN_HTTP'),
  ...codes(403, 'E_FORBIDDEN_HOST', 'E_NO_ROUTE', 'E_AMBIGUOUS', 'E_POLICY_DENIED'),
  ...codes(403, 'E_ARTIFACT_ALTERED', 'E_ARTIFACT_MISMATCH', 'E_DIGEST', 'E_SIGNATURE'),
  ...codes(404, 'E_NOT_FOUND'),
  ...codes(409, 'E_VERSION_EXISTS', 'E_ROUTE_TAKEN', 'E_RELATION', 'E_NAME_TAKEN', 'E_FEED_CLONED'),
  ...codes(413, 'E_TOO_LARGE'),
  ...codes(415, 'E_UNSUPPORTED_MEDIA'),
  // nginx's number for a client that went away: nobody reads it, logs do.
  ...codes(499, 'E_ABORTED'),
  ...codes(451, 'E_PURGED'),
  // Peers that do not answer, or not with what was asked for.
  ...codes(
    502,
    'E_NO_PROVIDER',
    'E_NETWORK',
    'E_ARTIFACT_INCOMPLETE',
    'E_PEER_UNREACHABLE',
    'E_PEER_IDENTITY',
    'E_PEER_FAILED',
  ),
  ...codes(502, 'E_PEER_SILENT', 'E_STREAM_CLOSED', 'E_REFUSED', 'E_BUSY', 'E_BAD_REQUEST', 'E_CANCELLED', 'E_STALLED'),
  ...codes(502, 'E_PROTOCOL_VIOLATION', 'E_MESSAGE', 'E_RECORD'),
  ...codes(502, 'E_VERSION', 'E_OTHER_NETWORK', 'E_ENVELOPE', 'E_BODY', 'E_FEED', 'E_FORK'),
  // Upstream registries that do not answer, or not with what was asked for.
  ...codes(502, 'E_UPSTREAM_REFUSED', 'E_UPSTREAM_ANSWER', 'E_UPSTREAM_DOCUMENT', 'E_UPSTREAM_TOO_LARGE'),
  ...codes(502, 'E_UPSTREAM_TRUNCATED', 'E_DIGEST_MISMATCH'),
  ...codes(503, 'E_UPSTREAM_DOWN', 'E_UPSTREAM_FAILED'),
  ...codes(504, 'E_UPSTREAM_TIMEOUT'),
  ...codes(504, 'E_FIRST_BYTE_LATE', 'E_TOO_SLOW'),
  ...codes(507, 'E_DISK_FULL', 'E_QUOTA_EXCEEDED'),
])

function codes(status: number, ...names: readonly string[]): (readonly [string, number])[] {
  return names.map(name => [name, status])
}

/** The one place where a code becomes an HTTP status; an archive that the validator refuses is its sender's fault. */
export function statusOf(code: string): number {
  return STATUS.get(code) ?? (code.startsWith('E_ARCHIVE_') ? 400 : 500)
}

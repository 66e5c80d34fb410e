/** HTTP statuses of error codes; what is in neither table is 500 and a fault of the node. */
const STATUS = new Map<string, number>([
  ['E_UNAUTHORISED', 401],
  ['E_FORBIDDEN_HOST', 403],
  ['E_NO_ROUTE', 403],
  ['E_AMBIGUOUS', 403],
  ['E_POLICY_DENIED', 403],
  ['E_ARTIFACT_ALTERED', 403],
  ['E_ARTIFACT_MISMATCH', 403],
  ['E_YANKED', 403],
  ['E_NOT_FOUND', 404],
  ['E_VERSION_EXISTS', 409],
  ['E_ROUTE_TAKEN', 409],
  ['E_RELATION', 409],
  ['E_FEED_CLONED', 409],
  ['E_NAME_TAKEN', 409],
  ['E_TOO_LARGE', 413],
  ['E_UNSUPPORTED_MEDIA', 415],
  // nginx's number for a client that went away: nobody reads it, logs do.
  ['E_ABORTED', 499],
  ['E_NO_PROVIDER', 502],
  ['E_NETWORK', 502],
  ['E_ARTIFACT_INCOMPLETE', 502],
  ['E_UPSTREAM_REFUSED', 502],
  ['E_UPSTREAM_ANSWER', 502],
  ['E_UPSTREAM_DOCUMENT', 502],
  ['E_UPSTREAM_TOO_LARGE', 502],
  ['E_UPSTREAM_TRUNCATED', 502],
  ['E_DIGEST_MISMATCH', 502],
  ['E_UPSTREAM_DOWN', 503],
  ['E_UPSTREAM_TIMEOUT', 504],
  ['E_NOT_READY', 503],
  ['E_DISK_FULL', 507],
  ['E_QUOTA_EXCEEDED', 507],
])
const CLIENT_FAULTS =
  /^E_(ARCHIVE(_\w+)?|PURL|PATTERN|PUBLISHER|RANGE|USAGE|ROUTE|CONFIG|ID|MULTIADDR|INVALID_INPUT|MANIFEST|TEXT|ENCODING|SIZE)$/

/** The one place where a code becomes an HTTP status. */
export function statusOf(code: string): number {
  return STATUS.get(code) ?? (CLIENT_FAULTS.test(code) ? 400 : 500)
}

/** How long one upstream may take and how much of it is used at once; tests inject shorter ones. */
export interface UpstreamLimits {
  /** Ms for name, TCP and TLS: a living server needs one; the rest is a lost packet sent again. */
  readonly connectMs: number
  /** Ms from the request to the first byte of the answer: registries build large documents on demand. */
  readonly headersMs: number
  /** Ms between two pieces of a body. */
  readonly idleMs: number
  /** Ms for a whole document, redirects and waiting for a connection included. */
  readonly documentMs: number
  /** Ms for a whole tarball; npm itself gives up after five minutes. */
  readonly tarballMs: number
  /** Connections to one host: more gain nothing and look like an attack. */
  readonly connections: number
}

export const UPSTREAM_LIMITS: UpstreamLimits = {
  connectMs: 5_000,
  headersMs: 20_000,
  idleMs: 15_000,
  documentMs: 60_000,
  tarballMs: 300_000,
  connections: 32,
}

/** Redirects followed for one answer; registries with a CDN need one or two. */
export const MAX_REDIRECTS = 5
/** Characters of a URL that an upstream names; signed CDN links have some hundreds. */
export const MAX_URL_CHARS = 4096
/** Bytes of an unwanted body read to keep its connection; above that a new connection is cheaper. */
export const MAX_UNWANTED_BYTES = 64 * 1024
/** Bytes of a token, password or CA file: a chain of certificates at most. */
export const MAX_SECRET_FILE_BYTES = 1024 * 1024
/** Hosts whose failures one upstream's client remembers: documents can name any number of hosts. */
export const MAX_CIRCUITS = 64
/** Faults in a row (5xx, time-outs, broken bodies) before an upstream rests: one broken package is not an outage. */
export const FAULTS_TO_REST = 5
/** Ms of the first rest; each further one is twice as long. */
export const FIRST_REST_MS = 1_000
/** Ms of the longest rest: how late a node may notice that an upstream is back. */
export const LONGEST_REST_MS = 60_000

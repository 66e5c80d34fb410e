import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { UpstreamError } from '../errors.ts'
import type { UpstreamAnswer, UpstreamClient } from '../upstream-client.ts'
import { MAX_PACKUMENT_BYTES, MAX_VALIDATOR_CHARS } from './limits.ts'
import { packumentUrlOf } from './package-name.ts'
import type { PackumentFacts } from './packument-store.ts'

const inflate = promisify(gunzip)
const deflate = promisify(gzip)

export type Validators = Pick<PackumentFacts, 'etag' | 'lastModified'>

/** What an upstream says of one name. */
export type FetchedPackument =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unchanged' }
  | ({
      readonly kind: 'document'
      /** The exact bytes. */
      readonly bytes: Uint8Array
      readonly gzipped: Uint8Array
      readonly revision: string
    } & Validators)

/**
 * Asks an upstream for the full document of a name; with the validators of the one that is held, for a newer one.
 * @throws UpstreamError as `UpstreamClient.get` does, E_UPSTREAM_ANSWER for what is no answer to this.
 */
export async function fetchPackument(
  client: UpstreamClient,
  name: string,
  held: Validators | null,
  totalMs: number,
  signal: AbortSignal,
): Promise<FetchedPackument> {
  const headers = { accept: 'application/json', 'accept-encoding': 'gzip', ...conditionsOf(held) }
  const answer = await client.get(packumentUrlOf(client.base, name), {
    headers,
    maxBytes: MAX_PACKUMENT_BYTES,
    totalMs,
    signal,
  })
  if (answer.status === 200) return await readDocument(client.base, answer)
  answer.body.discard()
  if (answer.status === 304 && held !== null) return { kind: 'unchanged' }
  if (answer.status === 404 || answer.status === 410) return { kind: 'absent' }
  throw new UpstreamError('E_UPSTREAM_ANSWER', `${answer.url.host} answered ${answer.status} for ${name}`)
}

function conditionsOf(held: Validators | null): Record<string, string> {
  if (held?.etag) return { 'if-none-match': held.etag }
  return held?.lastModified ? { 'if-modified-since': held.lastModified } : {}
}

async function readDocument(base: URL, answer: UpstreamAnswer): Promise<FetchedPackument> {
  const { bytes, gzipped } = await readBothWays(answer)
  const revision = createHash('sha256').update(`${base.href}\n`).update(bytes).digest('base64url')
  const { etag, 'last-modified': lastModified } = answer.headers
  return {
    kind: 'document',
    bytes,
    gzipped,
    revision,
    etag: validatorOf(etag),
    lastModified: validatorOf(lastModified),
  }
}

/** The document plain and gzipped; one that came compressed is kept as it came. */
async function readBothWays(answer: UpstreamAnswer): Promise<{ bytes: Buffer; gzipped: Buffer }> {
  const encoding = answer.headers['content-encoding'] ?? 'identity'
  const received = await answer.body.whole()
  if (encoding === 'identity') return { bytes: received, gzipped: await deflate(received) }
  if (!/^(x-)?gzip$/i.test(encoding)) {
    throw new UpstreamError('E_UPSTREAM_ANSWER', `${answer.url.host} answered with content-encoding ${encoding}`)
  }
  try {
    return { bytes: await inflate(received, { maxOutputLength: MAX_PACKUMENT_BYTES }), gzipped: received }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      const message = `${answer.url.host} sends a document of more than ${MAX_PACKUMENT_BYTES} bytes`
      throw new UpstreamError('E_UPSTREAM_TOO_LARGE', message, { cause })
    }
    throw new UpstreamError('E_UPSTREAM_TRUNCATED', `${answer.url.host} sent broken gzip`, { cause })
  }
}

/** A validator that can be sent back as it came. */
function validatorOf(header: string | undefined): string | null {
  const isPlain = header !== undefined && header.length <= MAX_VALIDATOR_CHARS && /^[\x20-\x7e]+$/.test(header)
  return isPlain ? header : null
}

/** Whether a document was fetched and refused for what it is. */
export function isRefusal(error: unknown): error is UpstreamError {
  return (
    error instanceof UpstreamError && (error.code === 'E_UPSTREAM_DOCUMENT' || error.code === 'E_UPSTREAM_TOO_LARGE')
  )
}

const OUTAGES: ReadonlySet<string> = new Set(['E_UPSTREAM_DOWN', 'E_UPSTREAM_FAILED', 'E_UPSTREAM_TIMEOUT'])

/** Whether the upstream said nothing, as opposed to something that cannot be used. */
export function isOutage(error: unknown): boolean {
  return error instanceof UpstreamError && OUTAGES.has(error.code)
}

/** Upstreams without ETags answer with the same bytes again. */
export function isSame(
  fetched: FetchedPackument,
  facts: { readonly revision: string; readonly etag: string | null },
): boolean {
  return fetched.kind === 'document' && fetched.revision === facts.revision && fetched.etag === facts.etag
}

import type { Readable } from 'node:stream'
import { statusOf } from '../../http/error-status.ts'

/** What the registry answers with; bytes are sent as they are. */
export interface NpmAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number>>
  readonly body: Buffer | Readable | null
  /** Shown by clients that print the status line alone. */
  readonly reason?: string
}

/** What a client is told of a refusal. */
export interface Refusal {
  readonly code: string
  readonly message: string
  readonly hint?: string
}

/** Characters of a reason phrase: one line of a terminal or two. */
const MAX_REASON_CHARS = 200

/** An answer that is one JSON document, small enough to be made for each request. */
export function jsonAnswer(value: unknown, status = 200, headers: NpmAnswer['headers'] = {}): NpmAnswer {
  const body = Buffer.from(JSON.stringify(value))
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length, ...headers },
    body,
  }
}

/** npm's clients print `error` or the reason phrase; scripts read `code`. */
export function refusalAnswer({ code, message, hint }: Refusal, status = npmStatusOf(code)): NpmAnswer {
  const error = hint === undefined ? message : `${message} - ${hint}`
  const answer = jsonAnswer({ error, code, ...(hint === undefined ? {} : { hint }) }, status)
  return { ...answer, reason: reasonPhraseOf(`${code} ${message}`) }
}

/** Upstreams of which no second question within a minute would bring more. */
const NO_USE_TO_RETRY: ReadonlySet<string> = new Set([
  'E_UPSTREAM_DOWN',
  'E_UPSTREAM_REFUSED',
  'E_UPSTREAM_DOCUMENT',
  'E_UPSTREAM_TOO_LARGE',
])

/**
 * npm takes 409 of a publish for a race and tries again; what is released stays released. After any 5xx it is silent for
 * 70 s and asks three times, also with Retry-After: 424 (RFC 4918, Failed Dependency) ends it at once, with our words.
 */
function npmStatusOf(code: string): number {
  if (NO_USE_TO_RETRY.has(code)) return 424
  return code === 'E_VERSION_EXISTS' ? 403 : statusOf(code)
}

/** Printable ASCII on one line: what HTTP lets a reason phrase be. */
function reasonPhraseOf(text: string): string {
  return text.replace(/[^ -~]+/g, ' ').slice(0, MAX_REASON_CHARS)
}

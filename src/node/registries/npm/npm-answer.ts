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
  const close = status === 413 ? { connection: 'close' } : {}
  return { ...answer, headers: { ...answer.headers, ...close }, reason: reasonPhraseOf(`${code} ${message}`) }
}

/** npm takes 409 of a publish for a race and tries again; what is released stays released. */
function npmStatusOf(code: string): number {
  return code === 'E_VERSION_EXISTS' ? 403 : statusOf(code)
}

/** Printable ASCII on one line: what HTTP lets a reason phrase be. */
function reasonPhraseOf(text: string): string {
  return text.replace(/[^ -~]+/g, ' ').slice(0, MAX_REASON_CHARS)
}

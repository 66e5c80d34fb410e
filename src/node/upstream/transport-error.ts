import type { Failure } from './circuit.ts'
import { UpstreamError } from './errors.ts'

/** What a failed transfer is to the caller, and to the circuit. */
export interface TransferFault {
  readonly error: UpstreamError
  readonly failure: Failure
}

const TIME_OUTS: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'TimeoutError',
  'ETIMEDOUT',
])
const CONNECT_FAULTS =
  /^(UND_ERR_CONNECT_TIMEOUT|UND_ERR_PRX_\w+|UND_ERR_ABORTED|E(CONNREFUSED|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH|HOSTDOWN))$/
const CERTIFICATE_FAULTS =
  /^(ERR_TLS_\w+|ERR_SSL_\w+|CERT_\w+|\w*(SELF_SIGNED|CERTIFICATE|ISSUER_CERT|LEAF_SIGNATURE)\w*)$/

/** Turns what undici threw before or after the headers of `where` into an UpstreamError. */
export function transferFaultOf(thrown: unknown, where: string, phase: 'headers' | 'body'): TransferFault {
  const code = codeOf(thrown)
  if (TIME_OUTS.has(code)) {
    const error = new UpstreamError('E_UPSTREAM_TIMEOUT', `${where} did not answer in time`, { cause: thrown })
    return { error, failure: 'fault' }
  }
  if (CERTIFICATE_FAULTS.test(code)) {
    const hint = 'give the upstream its own CA with caFile, if it has one'
    const error = new UpstreamError('E_UPSTREAM_DOWN', `the certificate of ${where} is not trusted`, {
      cause: thrown,
      hint,
    })
    return { error, failure: 'unreachable' }
  }
  if (phase === 'headers') {
    const error = new UpstreamError('E_UPSTREAM_DOWN', `${where} cannot be reached (${code})`, { cause: thrown })
    return { error, failure: CONNECT_FAULTS.test(code) ? 'unreachable' : 'fault' }
  }
  const error = new UpstreamError('E_UPSTREAM_TRUNCATED', `${where} broke off in the middle (${code})`, {
    cause: thrown,
  })
  return { error, failure: 'fault' }
}

/** Whether a connection broke off before anything came back on it. */
export function isLostConnection(thrown: unknown): boolean {
  return /^(UND_ERR_SOCKET|ECONNRESET|EPIPE)$/.test(codeOf(thrown))
}

/** The code of an error or of what it holds: Node tries several addresses and joins their errors. */
function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown'
  if (thrown.name === 'TimeoutError') return thrown.name
  const { code } = thrown as NodeJS.ErrnoException
  if (typeof code === 'string') return code
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return codeOf(thrown.errors[0])
  return thrown.cause === undefined ? thrown.name : codeOf(thrown.cause)
}

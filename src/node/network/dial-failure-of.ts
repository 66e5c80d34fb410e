import type { DialFailure } from '../../federation/index.ts'

const OF_SYSTEM_CODE: Readonly<Record<string, DialFailure>> = {
  ECONNREFUSED: 'closed',
  ENOTFOUND: 'name',
  EAI_AGAIN: 'name',
  EHOSTUNREACH: 'way',
  ENETUNREACH: 'way',
  ETIMEDOUT: 'late',
}
const OF_NAME: Readonly<Record<string, DialFailure>> = {
  UnexpectedPeerError: 'identity',
  DialDeniedError: 'denied',
  ConnectionClosedError: 'hungUp',
  TimeoutError: 'late',
  AbortError: 'late',
}
/** libp2p keeps of a handshake's error the words alone: Noise's, then TLS's. */
const IDENTITY = /does not match expected remote identity|unexpected peer/i

/** What a failure of libp2p's dial was. With several addresses, another peer at one of them tells most. */
export function dialFailureOf(error: unknown): DialFailure {
  if (!(error instanceof Error)) return 'failed'
  if (error instanceof AggregateError) {
    const failures = error.errors.map(dialFailureOf)
    return failures.find(each => each === 'identity') ?? failures[0] ?? 'failed'
  }
  if (IDENTITY.test(error.message)) return 'identity'
  const { code = '' } = error as NodeJS.ErrnoException
  return OF_SYSTEM_CODE[code] ?? OF_NAME[error.name] ?? 'failed'
}

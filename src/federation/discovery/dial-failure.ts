/** Every way a dial fails: the code for programs, and the words for people. */
const FAILURES = {
  identity: { code: 'E_PEER_IDENTITY', text: 'another peer answers there, not the one of this peer id' },
  denied: { code: 'E_REFUSED', text: 'the settings of this node keep it out' },
  hungUp: {
    code: 'E_REFUSED',
    text: 'it hung up at once: it may not admit this node; ask its operator (network.allow, or hanse member add)',
  },
  closed: { code: 'E_PEER_UNREACHABLE', text: 'nothing listens there' },
  name: { code: 'E_PEER_UNREACHABLE', text: 'no host has that name' },
  way: { code: 'E_PEER_UNREACHABLE', text: 'no way leads there' },
  late: { code: 'E_PEER_UNREACHABLE', text: 'no answer in time' },
  failed: { code: 'E_PEER_UNREACHABLE', text: 'no connection came about' },
} as const

export type DialFailure = keyof typeof FAILURES

/** Its code, of a closed set. */
export const dialCodeOf = (failure: DialFailure) => FAILURES[failure].code
/** Its code and a few words: `E_PEER_UNREACHABLE: nothing listens there`. */
export const dialWhyOf = (failure: DialFailure): string => `${FAILURES[failure].code}: ${FAILURES[failure].text}`

/** A dial that led to no connection with the peer that was meant. */
export class DialError extends Error {
  override readonly name = 'DialError'
  readonly failure: DialFailure

  constructor(failure: DialFailure, options: ErrorOptions = {}) {
    super(dialWhyOf(failure), options)
    this.failure = failure
  }
}

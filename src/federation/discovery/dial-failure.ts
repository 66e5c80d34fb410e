/** Every way a dial fails: the code for programs, and the words for people. */
const FAILURES = {
  identity: { code: 'E_PEER_IDENTITY', text: 'another peer answers there, not the one of this peer id' },
  denied: { code: 'E_REFUSED', text: 'the settings of this node keep it out' },
  hungUp: {
    code: 'E_REFUSED',
    text: 'it hung up at once: it may keep this node out for a while, be of a private network, or have restarted',
  },
  closed: { code: 'E_PEER_UNREACHABLE', text: 'nothing listens there' },
  name: { code: 'E_PEER_UNREACHABLE', text: 'no host has that name' },
  way: { code: 'E_PEER_UNREACHABLE', text: 'no way leads there' },
  late: { code: 'E_PEER_UNREACHABLE', text: 'no answer in time' },
  failed: { code: 'E_PEER_UNREACHABLE', text: 'no connection came about' },
} as const

/** Of `hungUp` on a private network, where each node says whom it admits. */
const NOT_ADMITTED =
  'it hung up at once: it may not admit this node; ask its operator (network.allow, or hanse member add)'

export type DialFailure = keyof typeof FAILURES

/** Its code, of a closed set. */
export const dialCodeOf = (failure: DialFailure) => FAILURES[failure].code
/** Its code and a few words, for a node whose own network has this mode: `E_PEER_UNREACHABLE: nothing listens there`. */
export function dialWhyOf(failure: DialFailure, { mode }: { readonly mode: string }): string {
  const { code, text } = FAILURES[failure]
  return `${code}: ${failure === 'hungUp' && mode === 'private' ? NOT_ADMITTED : text}`
}

/** A dial that led to no connection with the peer that was meant. */
export class DialError extends Error {
  override readonly name = 'DialError'
  readonly failure: DialFailure

  constructor(failure: DialFailure, options: ErrorOptions = {}) {
    super(FAILURES[failure].text, options)
    this.failure = failure
  }
}

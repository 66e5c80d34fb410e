import type { Allowance } from '../streams/peer-budgets.ts'

/** Who is asked at once, and by how many answers a node goes. */
export const ASKED_PEERS = 3
/** Most peers asked for those answers: a node of before this protocol, or one that is busy, answers nothing. */
export const MAX_ASKED_PEERS = 8
/** After a first peer came others come: asked so much later, ms. */
export const SETTLE_MS = 3_000
/** Between two rounds while nobody could say, ms: somebody who can may have come. */
export const UNKNOWN_AGAIN_MS = 60_000
/** Between two rounds otherwise, ms. */
export const AGAIN_MS = 3_600_000
/** Longest wait for one peer's answer, ms: four dials. */
export const ANSWER_MS = 25_000
/** One dial of an answerer, or look-up of a name before it, ms. */
export const DIAL_MS = 5_000
/** Dial-backs of a peer: once an hour, some after a start. One message of some hundred bytes answers each. */
export const DIAL_BACK_ALLOWANCE: Allowance = {
  requests: { burst: 4, perSecond: 1 / 120 },
  bytes: { burst: 32 << 10, perSecond: 256 },
  maxWaitMs: 0,
}
/** Dial-backs for all peers together, one at a time: an identity costs nothing, so many of them get no more. */
export const DIAL_BACKS_IN_ALL = { burst: 20, perSecond: 0.2 }

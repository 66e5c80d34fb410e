import {
  KeptStreams,
  type KeptStreamsPorts,
  type OffenceCode,
  type RequestHandler,
} from '../../../src/federation/index.ts'
import type { PeerId } from '../../../src/protocol/index.ts'
import { duplexPair, TestClock, type TestDuplex } from './duplex-pair.ts'

export const ALICE = 'alice' as PeerId
export const BOB = 'bob' as PeerId
export const PROTOCOL = '/hanse/test/echo/1'

export interface TwoNodesOptions extends Partial<KeptStreamsPorts> {
  readonly clock?: TestClock
  /** Told of each frame that Bob sends, when he sends it. */
  readonly onSent?: (frame: Uint8Array) => void
}

/** Alice asks, Bob answers with `handler`; both see time through one clock that the test moves. */
export function twoNodes(handler: RequestHandler, { onSent, ...ports }: TwoNodesOptions = {}) {
  const clock = ports.clock ?? new TestClock()
  const opened: { alice: TestDuplex; bob: TestDuplex }[] = []
  const offences: { by: PeerId; code: OffenceCode }[] = []
  const onOffence = (by: PeerId, code: OffenceCode) => {
    offences.push({ by, code })
  }
  const never = () => Promise.reject(new Error('bob opens nothing'))
  const { onSilent: _, ...bobs } = ports
  const bob = new KeptStreams({ openStream: never, onOffence, clock, ...bobs })
  bob.handle(PROTOCOL, handler)
  const alice = new KeptStreams({
    clock,
    ...(ports.downlink === undefined ? {} : { downlink: ports.downlink }),
    ...(ports.onSilent === undefined ? {} : { onSilent: ports.onSilent }),
    onOffence,
    openStream: async (_peer, protocol) => {
      const [mine, theirs] = duplexPair()
      opened.push({ alice: mine, bob: theirs })
      const send = theirs.send.bind(theirs)
      theirs.send = frame => {
        onSent?.(frame)
        return send(frame)
      }
      bob.acceptStream(ALICE, protocol, theirs)
      return mine
    },
  })
  return { alice, bob, clock, opened, offences }
}

export async function allOf(messages: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  for await (const message of messages) all.push(message)
  return all
}

export const text = (value: string) => new TextEncoder().encode(value)

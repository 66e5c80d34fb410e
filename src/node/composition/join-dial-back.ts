import {
  type AnswerDialBacksPorts,
  answerDialBacks,
  DIAL_BACK_ANSWER_MS,
  DialBackRounds,
  systemClock,
} from '../../federation/index.ts'
import { encodeDialBackRequest, MIN_CREDIT_BYTES, type PeerId, parseDialBackAnswer } from '../../protocol/index.ts'
import { reachOfAddress } from '../network/address-reach.ts'
import { dialBackPortOf, dialledAddressesOf } from '../network/dial-back-port.ts'
import type { NodeContext } from '../node-context.ts'
import type { Exchange } from './exchange.ts'

/** Asks peers whether they can dial this node, and says the same to those that ask. */
export function dialBacksOf(stack: AsyncDisposableStack, exchange: Exchange, node: NodeContext) {
  const { libp2p, config } = node
  const isAnnounced = config.network.announce.some(address => reachOfAddress(address) === 'world')
  const { streams, protocols } = exchange
  const port: AnswerDialBacksPorts = { ...dialBackPortOf(libp2p, isAnnounced), clock: systemClock }
  const addresses = () => dialledAddressesOf(libp2p.getMultiaddrs().map(String))
  const rounds = stack.use(
    new DialBackRounds({
      ...{ addresses, clock: systemClock, random: Math.random },
      // Who is met over a relay does not know where this node is.
      peers: () => [
        ...new Set(
          libp2p
            .getConnections()
            .filter(({ limits }) => limits === undefined)
            .map(peerOf)
            .filter(exchange.connections.isOfUse),
        ),
      ],
      ask: async (peer, asked, signal) => {
        const options = {
          signal,
          creditBytes: MIN_CREDIT_BYTES,
          firstByteMs: DIAL_BACK_ANSWER_MS,
          minBytesPerSecond: 0,
        }
        for await (const bytes of streams.request(peer, protocols.dialBack, encodeDialBackRequest(asked), options))
          return parseDialBackAnswer(bytes)
        throw new Error('no answer')
      },
    }),
  )
  let known = addresses().join()
  const look = () => {
    const now = addresses().join()
    if (now === known) return
    known = now
    rounds.addressesChanged()
  }
  libp2p.addEventListener('self:peer:update', look)
  stack.defer(() => libp2p.removeEventListener('self:peer:update', look))
  return { rounds, answer: answerDialBacks(port) }
}

const peerOf = ({ remotePeer }: { readonly remotePeer: { toString(): string } }) => remotePeer.toString() as PeerId

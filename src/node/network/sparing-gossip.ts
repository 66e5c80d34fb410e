import type { GossipSub } from '@libp2p/gossipsub'
import { MessageHolders } from './message-holders.ts'

/** Members of the mesh that get a message as soon as it was judged. */
const AT_ONCE = 2
/** When the others get it, ms, and up to so much later by chance: both ends of a connection wait, and who is first spares the other. */
const LATER_MS = 15
const LATER_SPREAD_MS = 30

/** Messages looked at of what a peer offers at once: of three seconds, 170 a second. */
const MAX_OFFERED = 512

interface Rpc {
  readonly subscriptions: readonly never[]
  readonly messages: readonly unknown[]
}
interface Offer {
  readonly topicID?: string
  readonly messageIDs: readonly Uint8Array[]
}
/** The steps of gossipsub that its interface does not show; `sparing-gossip.test.ts` fails when a version goes other ways. */
interface Steps {
  readonly mcache: { observeDuplicate(message: string, from: string): void }
  readonly score: { deliverMessage(from: string, message: string, topic: string): void }
  /** Messages that peers say they have, by peer. */
  readonly idontwants: ReadonlyMap<string, { has(message: string): boolean }>
  readonly msgIdToStrFn: (message: Uint8Array) => string
  selectPeersToForward(topic: string, source?: string, without?: ReadonlySet<string>): ReadonlySet<string>
  forwardMessage(message: string, raw: { topic: string }, source?: string, without?: ReadonlySet<string>): void
  sendRpc(peer: string, rpc: Rpc): boolean
  handleIHave(peer: string, offers: readonly Offer[]): unknown
  pushGossip(peer: string, offer: Offer): void
}

interface Chance {
  /** 0 (inclusive) to 1. */
  readonly random: () => number
  readonly later: (ms: number, work: () => void) => void
}

const afterMs = (ms: number, work: () => void): void => void setTimeout(work, ms)
/**
 * Gossipsub sends a message to all of the mesh at once, and offers it for three seconds to whoever is not in the mesh. This notes who
 * showed to hold it: two members of the mesh get it at once, the others a moment later, those that sent it meanwhile not at all; and
 * nobody is offered what it holds, or is offered it twice. Everyone in the mesh has it from here or has shown it, as before.
 * Gives who holds what.
 */
export function spareKnown(
  pubsub: GossipSub,
  { random, later }: Chance = { random: Math.random, later: afterMs },
): MessageHolders {
  const holders = new MessageHolders()
  const steps = pubsub as unknown as Steps
  const observe = steps.mcache.observeDuplicate.bind(steps.mcache)
  const handleOffers = steps.handleIHave.bind(pubsub)
  const offer = steps.pushGossip.bind(pubsub)

  steps.mcache.observeDuplicate = (message, from) => {
    holders.heldBy(message, from)
    observe(message, from)
  }
  steps.handleIHave = (peer, offers) => {
    const ids = offers.slice(0, MAX_OFFERED).flatMap(({ messageIDs }) => messageIDs?.slice(0, MAX_OFFERED) ?? [])
    for (const id of ids.slice(0, MAX_OFFERED)) holders.offeredBy(steps.msgIdToStrFn(id), peer)
    return handleOffers(peer, offers)
  }
  steps.pushGossip = (peer, { topicID, messageIDs }) => {
    const news = messageIDs.filter(id => !holders.wasTold(steps.msgIdToStrFn(id), peer))
    if (news.length === 0) return
    for (const id of news) holders.told(steps.msgIdToStrFn(id), peer)
    offer(peer, { ...(topicID !== undefined && { topicID }), messageIDs: news })
  }
  steps.forwardMessage = (message, raw, source, without) => {
    if (source !== undefined) {
      steps.score.deliverMessage(source, message, raw.topic)
      holders.heldBy(message, source)
    }
    const lacks = (peer: string) =>
      !holders.isHeldBy(message, peer) && steps.idontwants.get(peer)?.has(message) !== true
    const send = (peer: string) => {
      // A new one each: gossipsub adds what else it has to say.
      if (steps.sendRpc(peer, { subscriptions: [], messages: [raw] })) holders.told(message, peer)
    }
    const lacking = shuffled([...steps.selectPeersToForward(raw.topic, source, without)].filter(lacks), random)
    for (const peer of lacking.slice(0, AT_ONCE)) send(peer)
    const rest = lacking.slice(AT_ONCE)
    if (rest.length > 0) later(LATER_MS + LATER_SPREAD_MS * random(), () => rest.filter(lacks).forEach(send))
  }
  return holders
}

function shuffled<T>(of: readonly T[], random: () => number): T[] {
  return of
    .map(each => ({ each, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ each }) => each)
}

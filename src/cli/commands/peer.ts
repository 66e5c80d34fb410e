import { byteText } from '../byte-text.ts'
import type { Command, CommandGroup } from '../command.ts'
import { fieldsOf, tableOf, type View } from '../view.ts'

interface PeerLine {
  readonly id: string
  readonly addresses?: readonly string[]
  readonly state: 'connected' | 'dialling' | 'unreachable'
  /** Given by `peer add` or as a bootstrap peer, so kept also while it is away. */
  readonly pinned: boolean
  /** What the last attempt to reach it met, or why it counts as no peer though it is connected. */
  readonly why?: string
  readonly direction?: 'inbound' | 'outbound' | null
  readonly relayed?: boolean
  readonly latencyMs?: number | null
  readonly received?: number
  readonly sent?: number
  readonly paced?: number
  readonly busy?: number
  readonly refusals?: Readonly<Record<string, number>>
  readonly software?: string
  readonly roles?: readonly string[]
  readonly contact?: string
}

const list: Command = {
  name: 'list',
  summary: 'list the connected peers, and those that are kept while they are away',
  examples: ['hanse peer list'],
  async run(_input, context) {
    const node = await context.node()
    return { data: await node.call<readonly PeerLine[]>('GET', '/api/peers') }
  },
  view: peersView,
}

/** How people see peers; what kept one away stands last, being the longest. */
export function peersView(peers: readonly PeerLine[]): View {
  return tableOf(
    ['PEER', 'STATE', 'WAY', 'RTT', 'IN', 'OUT', 'PINNED', 'RUNS', 'ADDRESSES', 'NOTES'],
    peers.map(peer => [
      ...[peer.id, peer.state, wayOf(peer), rttOf(peer), sizeOf(peer.received), sizeOf(peer.sent)],
      ...[peer.pinned ? 'yes' : 'no', runsOf(peer), peer.addresses, notesOf(peer)],
    ]),
    'no peers connected',
  )
}

const wayOf = ({ direction, relayed }: PeerLine): string =>
  direction == null ? '' : `${direction === 'inbound' ? 'in' : 'out'}${relayed ? ', relayed' : ''}`

/** What it runs and is, by its own word. */
const runsOf = ({ software, roles = [] }: PeerLine): string =>
  [...(software === undefined ? [] : [software]), ...roles].join(', ')

const rttOf = ({ latencyMs }: PeerLine): string => (latencyMs == null ? '' : `${Math.round(latencyMs)} ms`)

const sizeOf = (bytes: number | undefined): string => (bytes === undefined ? '' : byteText(bytes))

/** Why it is away or counts as none; what of its requests waited or was refused, and what else of it; whom to tell of abuse. */
function notesOf({ why, contact, paced = 0, busy = 0, refusals = {} }: PeerLine): string {
  const over = [...(paced > 0 ? [`paced ${paced}`] : []), ...(busy > 0 ? [`busy ${busy}`] : [])]
  const refused = Object.entries(refusals).map(([reason, count]) => `${reason} ${count}`)
  const parts = [...(why === undefined ? [] : [why]), ...over]
  const abuse = contact === undefined ? [] : [`contact ${contact}`]
  return [...parts, ...(refused.length > 0 ? [`refused: ${refused.join(', ')}`] : []), ...abuse].join('; ')
}

const add: Command = {
  name: 'add',
  summary: 'connect to a node and keep the connection',
  examples: ['hanse peer add /ip4/192.0.2.1/tcp/7701/p2p/12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK'],
  args: [{ name: '<multiaddr>', text: '/ip4/192.0.2.1/tcp/7701/p2p/12D3KooW…' }],
  async run({ args }, context) {
    const node = await context.node()
    return { data: await node.call('POST', '/api/peers', { body: { multiaddr: args[0] } }) }
  },
  view: (data: object) => fieldsOf(data),
}

const remove: Command = {
  name: 'remove',
  summary: 'drop a peer and forget its address',
  examples: ['hanse peer remove 12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK'],
  args: [{ name: '<peer>', text: 'the peer id' }],
  async run({ args }, context) {
    const node = await context.node()
    return { data: await node.call('DELETE', `/api/peers/${encodeURIComponent(args[0] ?? '')}`) }
  },
  view: (data: object) => fieldsOf(data),
}

/** `hanse peer list|add|remove`. */
export const peerGroup: CommandGroup = {
  name: 'peer',
  summary: 'list, add and remove peers',
  commands: [list, add, remove],
}

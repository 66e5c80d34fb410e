import { dialWhyOf, type PeerAddress } from '../../federation/index.ts'
import type { PeerId } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import { connectedFigures } from '../network/connected-figures.ts'
import { parsePeerAddress } from '../network/discovery-port.ts'
import type { NodeContext } from '../node-context.ts'
import { foreignWhy } from './foreign-peers.ts'

/** How long `peer add` waits for the connection; ms. */
const DIAL_WAIT_MS = 10_000

/** One peer as `hanse peer list` shows it. */
interface PeerRow {
  readonly id: string
  readonly addresses: readonly string[]
  readonly direction: 'inbound' | 'outbound' | null
  readonly connected: boolean
  readonly pinned: boolean
  /** `dialling` is also a peer whose turn is still to come. */
  readonly state: 'connected' | 'dialling' | 'unreachable'
  /** `CODE: words`, why the last dial failed, or why it counts as no peer although it is connected. */
  readonly why?: string
  /** There and back, ms; null before it was measured. */
  readonly latencyMs?: number | null
  readonly relayed?: boolean
  /** Bytes that passed with it since it was first heard of. */
  readonly received?: number
  readonly sent?: number
  /** Its requests beyond their budget: those that waited, and those that were refused. */
  readonly paced?: number
  readonly busy?: number
  /** What it sent and this node refused, by reason. */
  readonly refusals?: Readonly<Record<string, number>>
  /** Whom to tell of abuse, by its own word. */
  readonly contact?: string
  /** `NAME VERSION` of what it runs, and its roles; by its own word, absent before its record is here. */
  readonly software?: string
  readonly roles?: readonly string[]
}

/** Connected peers, and those that somebody chose, pinned or as a bootstrap, whether they are connected or not. */
export async function listPeers(node: NodeContext): Promise<readonly PeerRow[]> {
  const connected = connectedFigures(node.libp2p, node.peerLedger).map(
    ({ peer, address, isRelayed, ...figures }): PeerRow => ({
      id: peer,
      addresses: [address],
      connected: true,
      pinned: node.peers.isPinned(peer),
      state: 'connected',
      relayed: isRelayed,
      ...figures,
      ...foreignOf(node, peer),
      ...saidOf(node, peer),
    }),
  )
  const here = new Set([...connected.map(({ id }) => id), node.libp2p.peerId.toString()])
  return [...connected, ...chosenPeers(node).filter(({ id }) => !here.has(id))]
}

function foreignOf(node: NodeContext, peer: PeerId): Pick<PeerRow, 'why'> {
  const why = foreignWhy(node, peer)
  return why === null ? {} : { why }
}

/** What a peer's signed node record says of it. */
function saidOf({ recordOf }: NodeContext, peer: PeerId): Pick<PeerRow, 'contact' | 'software' | 'roles'> {
  const record = recordOf(peer)
  if (record === null) return {}
  const { contact, software, roles } = record
  return {
    ...(contact === undefined ? {} : { contact }),
    ...(software === undefined ? {} : { software: `${software.name} ${software.version}` }),
    roles,
  }
}

function chosenPeers(node: NodeContext): readonly PeerRow[] {
  const bootstrap = node.config.network.bootstrap.map(parsePeerAddress).filter(each => each !== null)
  const addresses = new Map<PeerId, readonly string[]>()
  for (const each of [...node.peers.all(true), ...bootstrap])
    addresses.set(each.peer, [...new Set([...(addresses.get(each.peer) ?? []), ...each.addresses])])
  return [...addresses].map(([peer, known]) => ({
    ...{ id: peer, addresses: known, direction: null, connected: false, pinned: node.peers.isPinned(peer) },
    ...awayOf(node, peer),
    ...refusedOf(node, peer),
  }))
}

function awayOf(node: NodeContext, peer: PeerId): Pick<PeerRow, 'state' | 'why'> {
  if (node.config.network.mode === 'off') return { state: 'unreachable', why: 'E_NETWORK: network.mode is off' }
  const standing = node.standing(peer)
  if (standing.state === 'unreachable')
    return { state: 'unreachable', why: dialWhyOf(standing.why, node.config.network) }
  return { state: 'dialling' }
}

/** Why it may be away: what was refused of it before it went. */
function refusedOf({ peerLedger }: NodeContext, peer: PeerId): Pick<PeerRow, 'refusals'> {
  const { refusals } = peerLedger.figuresOf(peer)
  return Object.keys(refusals).length === 0 ? {} : { refusals }
}

/** Pins a peer and dials it; one that is not reached stays pinned, which `note` says. @throws NodeError E_MULTIADDR, E_USAGE for this node itself */
export async function addPeer(node: NodeContext, text: string, who: string): Promise<object> {
  const address = parsePeerAddress(text)
  if (address === null) {
    throw new NodeError('E_MULTIADDR', `${text.slice(0, 120)} is not a multiaddr with a peer id`, {
      hint: '/ip4/192.0.2.1/tcp/7701/p2p/12D3KooW…, as hanse status prints it',
    })
  }
  if (address.peer === node.libp2p.peerId.toString())
    throw new NodeError('E_USAGE', 'that is the address of this node', {
      hint: 'hanse status on the other node says its own',
    })
  await node.peers.pin(address)
  await node.audit.append({ at: Date.now(), who, what: 'peer.add', peer: address.peer })
  const connected = await isLetIn(node, address, AbortSignal.timeout(DIAL_WAIT_MS))
  const standing = connected
    ? { state: 'connected', ...foreignOf(node, address.peer) }
    : { ...awayOf(node, address.peer), note: noteOf(node) }
  return { id: address.peer, addresses: address.addresses, connected, ...standing }
}

/** Dials a peer and hears what it says of itself: one that does not admit this node lets itself be dialled, and hangs up. */
async function isLetIn(node: NodeContext, address: PeerAddress, signal: AbortSignal): Promise<boolean> {
  if (!(await node.dial(address, signal))) return false
  const { connectedPeers } = node.libp2p.services
  return (await connectedPeers.identified(address.peer, signal)) !== null || connectedPeers.has(address.peer)
}

/** What becomes of a pinned peer that was not reached. */
function noteOf({ config }: NodeContext): string {
  return config.network.mode === 'off'
    ? 'pinned; it is dialled once the network is on'
    : 'pinned, but not reached yet: this node tries again by itself'
}

/** Unpins a peer and hangs up. @throws NodeError E_NOT_FOUND */
export async function removePeer(node: NodeContext, peer: string, who: string): Promise<object> {
  const known = await node.peers.remove(peer as PeerId)
  if (!known)
    throw new NodeError('E_NOT_FOUND', `${peer.slice(0, 80)} is not in the peer book`, { hint: 'hanse peer list' })
  await node.audit.append({ at: Date.now(), who, what: 'peer.remove', peer })
  await node.hangUp(peer as PeerId)
  return { id: peer, removed: true }
}

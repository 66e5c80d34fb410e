import {
  isCleanName,
  MAX_MEMBER_NAME_BYTES,
  MAX_MEMBERS,
  type MemberOp,
  type MemberState,
  type PeerId,
  type PublisherId,
} from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import { parsePeerIdText } from '../network/peer-id-text.ts'
import type { NodeContext } from '../node-context.ts'

/** One peer of which the authority has spoken. */
interface MemberRow {
  readonly peer: PeerId
  readonly name: string | null
  readonly state: 'member' | 'removed'
}

/** Who belongs to the private network, by the word of its authority; nobody without one. */
export function listMembers({ config, library }: NodeContext): readonly MemberRow[] {
  const { authority } = config.network
  if (authority === undefined) return []
  return [...library.catalogue.membersOf(authority as PublisherId)].map(([peer, state]) => rowOf(peer, state))
}

const rowOf = (peer: PeerId, { name, isMember }: MemberState): MemberRow => ({
  ...{ peer, name },
  state: isMember ? 'member' : 'removed',
})

/** What the own records say of a peer by now. */
const ownRowOf = ({ library, writer }: NodeContext, peer: PeerId): MemberRow =>
  rowOf(peer, library.catalogue.membersOf(writer.publisher).get(peer) ?? { name: null, isMember: false })

/** Signs that a peer belongs to the network: every node of it hears so and lets the peer in. @throws NodeError E_USAGE, E_FORBIDDEN */
export async function addMember(node: NodeContext, text: string, as: string | undefined, who: string) {
  const peer = parsePeerIdText(text)
  requirePrivate(node)
  requireAuthority(node)
  const name = as?.normalize('NFC')
  if (name !== undefined && (!isCleanName(name) || Buffer.byteLength(name) > MAX_MEMBER_NAME_BYTES))
    throw new NodeError(
      'E_USAGE',
      `a member's name has 1 to ${MAX_MEMBER_NAME_BYTES} bytes, none of them a control character`,
    )
  return await node.audiences.run('', async () => {
    const members = node.library.catalogue.membersOf(node.writer.publisher)
    const known = members.get(peer)
    const isNews = known?.isMember !== true || (name !== undefined && known.name !== name)
    const named = name === undefined ? {} : { name }
    const self = node.libp2p.peerId.toString() as PeerId
    // Members know the authority's own node by its bootstrap address at best: the list names it too.
    const isSelfKnown = peer === self || members.has(self)
    const own: MemberOp[] = isSelfKnown ? [] : [{ op: 'member', peer: self, undo: false }]
    if (members.size + own.length + (known === undefined ? 1 : 0) > MAX_MEMBERS)
      throw new NodeError('E_USAGE', `an authority speaks of at most ${MAX_MEMBERS} peers, removed ones among them`)
    if (isNews) await node.writer.write('public', [...own, { op: 'member', peer, ...named, undo: false }])
    await node.audit.append({ at: Date.now(), who, what: 'member.add', peer })
    return ownRowOf(node, peer)
  })
}

/** Signs that a peer belongs to the network no more: every node hangs up on it when it hears. @throws NodeError E_USAGE, E_NOT_FOUND, E_FORBIDDEN */
export async function removeMember(node: NodeContext, text: string, who: string) {
  const peer = parsePeerIdText(text)
  requireAuthority(node)
  if (peer === node.libp2p.peerId.toString()) {
    throw new NodeError('E_USAGE', 'this is the node of the authority: every member would hang up on it for good')
  }
  return await node.audiences.run('', async () => {
    const known = node.library.catalogue.membersOf(node.writer.publisher).get(peer)
    if (known?.isMember !== true)
      throw new NodeError('E_NOT_FOUND', `${peer} is no member`, { hint: 'hanse member list' })
    await node.writer.write('public', [{ op: 'member', peer, undo: true }])
    await node.audit.append({ at: Date.now(), who, what: 'member.remove', peer })
    return ownRowOf(node, peer)
  })
}

/** What is signed about members lies in the public feed: on a network that everyone may join it would tell everyone, and let nobody in. */
function requirePrivate({ config, writer }: NodeContext): void {
  const { mode } = config.network
  if (mode === 'private') return
  throw new NodeError('E_USAGE', `network.mode is ${mode}: only a private network has members`, {
    hint: `set network.mode: private and network.authority: ${writer.publisher} in config.yaml and restart; who belongs to it would be public otherwise`,
  })
}

/** Only the authority's word counts; another's would change nothing and seem to. */
function requireAuthority({ config, writer }: NodeContext): void {
  const { authority } = config.network
  if (authority === writer.publisher) return
  if (authority === undefined)
    throw new NodeError('E_USAGE', 'network.authority is not set: nobody would be let in by what this node signs', {
      hint: `set network.authority: ${writer.publisher} in config.yaml, here and on every node of the network, and restart`,
    })
  throw new NodeError('E_FORBIDDEN', `the members of this network are named by ${authority}`, {
    hint: 'run this on the node of that publisher',
  })
}

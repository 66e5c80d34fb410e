import {
  isCleanName,
  MAX_MEMBER_NAME_BYTES,
  type MemberOp,
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

/** Who belongs to the private network, by the word of its authority; without one, of this node's own publisher. */
export function listMembers(node: NodeContext): readonly MemberRow[] {
  const members = node.library.catalogue.membersOf(authorityOf(node))
  return [...members].map(([peer, { name, isMember }]) => ({ peer, name, state: isMember ? 'member' : 'removed' }))
}

/** Signs that a peer belongs to the network: every node of it hears so and lets the peer in. @throws NodeError E_USAGE, E_FORBIDDEN */
export async function addMember(node: NodeContext, text: string, as: string | undefined, who: string) {
  const peer = parsePeerIdText(text)
  requireAuthority(node)
  const name = as?.normalize('NFC')
  if (name !== undefined && (!isCleanName(name) || Buffer.byteLength(name) > MAX_MEMBER_NAME_BYTES))
    throw new NodeError(
      'E_USAGE',
      `a member's name has 1 to ${MAX_MEMBER_NAME_BYTES} bytes, none of them a control character`,
    )
  return await node.audiences.run('', async () => {
    const known = node.library.catalogue.membersOf(node.writer.publisher).get(peer)
    const isNews = known?.isMember !== true || (name !== undefined && known.name !== name)
    const named = name === undefined ? {} : { name }
    const self = node.libp2p.peerId.toString() as PeerId
    // Members know the authority's own node by its bootstrap address at best: the list names it too.
    const isSelfKnown = peer === self || node.library.catalogue.membersOf(node.writer.publisher).has(self)
    const own: MemberOp[] = isSelfKnown ? [] : [{ op: 'member', peer: self, undo: false }]
    if (isNews) await node.writer.write('public', [...own, { op: 'member', peer, ...named, undo: false }])
    await node.audit.append({ at: Date.now(), who, what: 'member.add', peer })
    return { peer, name: name ?? known?.name ?? null, state: 'member' }
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
    return { peer, name: known.name, state: 'removed' }
  })
}

const authorityOf = ({ config, writer }: NodeContext): PublisherId =>
  (config.network.authority as PublisherId | undefined) ?? writer.publisher

/** Only the authority's word counts; another's would change nothing and seem to. */
function requireAuthority(node: NodeContext): void {
  if (authorityOf(node) === node.writer.publisher) return
  throw new NodeError('E_FORBIDDEN', `the members of this network are named by ${authorityOf(node)}`, {
    hint: 'run this on the node of that publisher',
  })
}

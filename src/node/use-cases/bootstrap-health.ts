import { dialWhyOf } from '../../federation/index.ts'
import { parsePeerAddress } from '../network/discovery-port.ts'
import type { NodeContext } from '../node-context.ts'
import { foreignWhy } from './foreign-peers.ts'

/**
 * What is wrong with the bootstrap peers: a sentence while none of them can be reached or is of this network, else null. It keeps the node from
 * nothing but meeting others, so it is not one of `problems()`.
 */
export function bootstrapProblem(node: NodeContext): string | null {
  const { config, libp2p, standing } = node
  if (config.network.mode === 'off') return null
  const self = libp2p.peerId.toString()
  const peers = new Set(config.network.bootstrap.flatMap(address => parsePeerAddress(address)?.peer ?? []))
  const whys = [...peers]
    .filter(peer => peer !== self)
    .map(peer => {
      const found = standing(peer)
      const why = found.state === 'unreachable' ? dialWhyOf(found.why, config.network) : foreignWhy(node, peer)
      return why && `${why} (${peer})`
    })
  if (whys.length === 0 || whys.includes(null)) return null
  const isReached = [...peers].some(peer => standing(peer).state === 'connected')
  return `no bootstrap peer ${isReached ? 'is of use' : 'can be reached'}: ${whys.join(', ')}`
}

import { dialWhyOf } from '../../federation/index.ts'
import { parsePeerAddress } from '../network/discovery-port.ts'
import type { NodeContext } from '../node-context.ts'

/**
 * What is wrong with the bootstrap peers: a sentence while none of them can be reached, else null. It keeps the node from
 * nothing but meeting others, so it is not one of `problems()`.
 */
export function bootstrapProblem({ config, libp2p, standing }: NodeContext): string | null {
  if (config.network.mode === 'off') return null
  const self = libp2p.peerId.toString()
  const peers = new Set(config.network.bootstrap.flatMap(address => parsePeerAddress(address)?.peer ?? []))
  const whys = [...peers]
    .filter(peer => peer !== self)
    .map(peer => {
      const found = standing(peer)
      return found.state === 'unreachable' ? `${dialWhyOf(found.why)} (${peer})` : null
    })
  if (whys.length === 0 || whys.includes(null)) return null
  return `no bootstrap peer can be reached: ${whys.join(', ')}`
}

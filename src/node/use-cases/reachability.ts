import type { NodeContext } from '../node-context.ts'

/** Whether other nodes can dial this one, in a sentence that begins with yes, no or unknown and says what to do. */
export function reachabilityText({ config, libp2p, reachability }: NodeContext): string {
  if (config.network.mode === 'off') return 'no: network.mode is off'
  const { state, asked, addresses } = reachability()
  const own = libp2p.getMultiaddrs().map(String)
  const relayed = own.some(address => address.includes('/p2p-circuit'))
  const through = relayed ? '; reached through a relay' : ''
  const peers = asked === 1 ? '1 peer' : `${asked} peers`
  if (state === 'yes') return `yes, at ${addresses[0]} (asked ${peers})`
  if (own.every(address => address.includes('/p2p-circuit'))) return `no: network.listen names nothing${through}`
  if (state === 'unknown') return `unknown: no peer could try yet${through}`
  return `no (asked ${peers})${through || `: ${WHAT_TO_DO}`}`
}

const WHAT_TO_DO = 'open the port and name it with --announce, or use relays (network.relays)'

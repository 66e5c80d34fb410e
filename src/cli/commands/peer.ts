import type { Command, CommandGroup } from '../command.ts'
import { fieldsOf, tableOf } from '../view.ts'

interface PeerLine {
  readonly id: string
  readonly addresses?: readonly string[]
}

const list: Command = {
  name: 'list',
  summary: 'list the connected peers',
  examples: ['hanse peer list'],
  async run(_input, context) {
    const node = await context.node()
    return { data: await node.call<readonly PeerLine[]>('GET', '/api/peers') }
  },
  view: (peers: readonly PeerLine[]) =>
    tableOf(
      ['PEER', 'ADDRESSES'],
      peers.map(({ id, addresses }) => [id, addresses]),
      'no peers connected',
    ),
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

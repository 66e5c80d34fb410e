import type { Command } from '../command.ts'
import type { View } from '../view.ts'

interface StatusAnswer {
  readonly network: { readonly id: string; readonly mode: string }
  readonly addresses: readonly string[]
  readonly [name: string]: unknown
}

/** `hanse status`: who this node is, what it holds and how it is. */
export const statusCommand: Command = {
  name: 'status',
  summary: 'show who this node is, what it holds and how it is',
  examples: ['hanse status', 'hanse status --node http://hanse.example:7700 --token TOKEN'],
  async run(_input, context) {
    const node = await context.node()
    return { data: await node.call<StatusAnswer>('GET', '/api/status') }
  },
  view: statusView,
}

/** Who and where first, then the rest as it comes; one line for each address. */
export function statusView({ peerId, publisher, network, addresses, ...rest }: StatusAnswer): View {
  const fields: (readonly [string, unknown])[] = [
    ['peerId', peerId],
    ['publisher', publisher],
    ['network', `${network.mode}, id ${network.id}`],
    ...addresses.map((address, at) => [at === 0 ? 'addresses' : '', address] as const),
    ...Object.entries(rest),
  ]
  return { is: 'fields', fields }
}

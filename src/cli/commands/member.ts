import type { ApiClient } from '../api-client.ts'
import { type Command, type CommandGroup, textOf } from '../command.ts'
import { fieldsOf, linesOf, tableOf } from '../view.ts'

interface MemberLine {
  readonly peer: string
  readonly name: string | null
  readonly state: 'member' | 'removed'
}

/** A peer id, for examples. */
const ID = '12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK'
const PEER = { name: '<peer>', text: 'the peer id, as hanse status of that node says' }

const list: Command = {
  name: 'list',
  summary: 'list who belongs to the private network',
  examples: ['hanse member list'],
  async run(_input, context) {
    const node = await context.node()
    const members = await node.call<readonly MemberLine[]>('GET', '/api/members')
    if (members.length > 0 || (await hasAuthority(node))) return { data: members }
    context.print(members, linesOf('no members: network.authority is not set, so nobody names any'))
    return null
  },
  view: (members: readonly MemberLine[]) =>
    tableOf(
      ['PEER', 'NAME', 'STATE'],
      members.map(({ peer, name, state }) => [peer, name, state]),
      'no members yet; hanse member add PEER',
    ),
}

async function hasAuthority(node: ApiClient): Promise<boolean> {
  const settings = await node.call<readonly { readonly key: string; readonly value: unknown }[]>('GET', '/api/config')
  return settings.some(({ key, value }) => key === 'network.authority' && typeof value === 'string')
}

const add: Command = {
  name: 'add',
  summary: 'sign that a node belongs to the private network of this authority',
  examples: [`hanse member add ${ID} --as site-b`],
  args: [PEER],
  options: [{ flags: '--as <name>', text: 'what its members are shown' }],
  async run(input, context) {
    const node = await context.node()
    const name = textOf(input, 'as')
    const body = { peer: input.args[0], ...(name === undefined ? {} : { name }) }
    return { data: await node.call('POST', '/api/members', { body }) }
  },
  view: (data: object) => fieldsOf(data),
}

const remove: Command = {
  name: 'remove',
  summary: 'sign that a node no longer belongs to it; every member hangs up',
  examples: [`hanse member remove ${ID}`],
  args: [PEER],
  async run({ args }, context) {
    const node = await context.node()
    return { data: await node.call('DELETE', `/api/members/${encodeURIComponent(args[0] ?? '')}`) }
  },
  view: (data: object) => fieldsOf(data),
}

/** `hanse member list|add|remove`. */
export const memberGroup: CommandGroup = {
  name: 'member',
  summary: 'say who belongs to a private network',
  commands: [list, add, remove],
}

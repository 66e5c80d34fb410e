import type { Command, CommandGroup } from '../command.ts'
import { fieldsOf, tableOf } from '../view.ts'

interface AudienceLine {
  readonly name: string | null
  readonly feed: string
  readonly peers: readonly string[]
}

/** A peer id, for examples. */
const PEER = '12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK'
const NAME = { name: '<audience>', text: 'your own name for it; nobody else learns it' }
const PEERS = { name: '<peer...>', text: 'peer ids, as hanse status of those nodes says' }

const list: Command = {
  name: 'list',
  summary: 'list the audiences and who is on them',
  examples: ['hanse audience list'],
  async run(_input, context) {
    const node = await context.node()
    return { data: await node.call<readonly AudienceLine[]>('GET', '/api/audiences') }
  },
  view: (audiences: readonly AudienceLine[]) =>
    tableOf(
      ['AUDIENCE', 'FEED', 'PEERS'],
      audiences.map(({ name, feed, peers }) => [name, feed, peers]),
      'no audiences yet; hanse audience add NAME PEER',
    ),
}

const add = changeOf('add', 'put peers on the list of an audience; a new name makes a new one', '')
const remove = changeOf(
  'remove',
  'take peers off the list; they are served nothing from then on, and keep what they have',
  '/remove',
)

function changeOf(name: string, summary: string, path: string): Command {
  return {
    name,
    summary,
    examples: [`hanse audience ${name} partners ${PEER}`],
    args: [NAME, PEERS],
    async run({ args }, context) {
      const [audience = '', ...peers] = args
      const node = await context.node()
      return {
        data: await node.call('POST', `/api/audiences/${encodeURIComponent(audience)}${path}`, { body: { peers } }),
      }
    },
    view: (data: object) => fieldsOf(data),
  }
}

/** `hanse audience list|add|remove`. */
export const audienceGroup: CommandGroup = {
  name: 'audience',
  summary: 'say which peers listed releases are for',
  commands: [list, add, remove],
}

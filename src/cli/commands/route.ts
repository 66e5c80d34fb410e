import { type Command, type CommandGroup, textOf } from '../command.ts'
import { tableOf, type View } from '../view.ts'

interface RouteLine {
  readonly match: string
  readonly to: string
  readonly publish?: 'public' | 'private'
}

const list: Command = {
  name: 'list',
  summary: 'list the routes in the order they are tried',
  examples: ['hanse route list'],
  async run(_input, context) {
    const node = await context.node()
    return { data: await node.call<readonly RouteLine[]>('GET', '/api/routes') }
  },
  view: routesView,
}

const add: Command = {
  name: 'add',
  summary: 'send names that match a pattern to one target',
  examples: [
    "hanse route add 'npm:@acme/*' acme",
    "hanse route add 'npm:left-*' nowhere",
    "hanse route add 'npm:@acme-open/*' allowed --publish public",
  ],
  args: [
    { name: '<pattern>', text: "'npm:@acme/*'" },
    { name: '<target>', text: 'a publisher, allowed, upstream/NAME or nowhere' },
  ],
  options: [
    {
      flags: '--publish <how>',
      text: 'how npm clients publish such names here, unless publishConfig says; default private',
      choices: ['public', 'private'],
    },
  ],
  async run(input, context) {
    const node = await context.node()
    const [match, to] = input.args
    const publish = textOf(input, 'publish')
    return { data: await node.call<readonly RouteLine[]>('POST', '/api/routes', { body: { match, to, publish } }) }
  },
  view: routesView,
}

const remove: Command = {
  name: 'remove',
  summary: 'take out the route with exactly this pattern',
  examples: ["hanse route remove 'npm:@acme/*'"],
  args: [{ name: '<pattern>', text: "'npm:@acme/*'" }],
  async run({ args }, context) {
    const node = await context.node()
    return { data: await node.call<readonly RouteLine[]>('DELETE', '/api/routes', { query: { match: args[0] } }) }
  },
  view: routesView,
}

/** `hanse route list|add|remove`. */
export const routeGroup: CommandGroup = {
  name: 'route',
  summary: 'say where names are resolved',
  commands: [list, add, remove],
}

function routesView(routes: readonly RouteLine[]): View {
  return tableOf(
    ['PATTERN', 'TARGET', 'NPM PUBLISH'],
    routes.map(({ match, to, publish }) => [match, to, publish ?? 'private']),
    'no routes: every name is refused',
  )
}

import { resolve } from 'node:path'
import { type Command, type CommandGroup, type Input, textOf } from '../command.ts'
import { fieldsOf, tableOf } from '../view.ts'

interface UpstreamLine {
  readonly name: string
  readonly url: string | null
  readonly credentials: string
  readonly from: string
  readonly state: string
  readonly lastFailure: { readonly at: number; readonly code: string; readonly message: string } | null
  readonly packages: number
  readonly tarballs: number
  readonly bytes: number
}

const list: Command = {
  name: 'list',
  summary: 'list the registries that routes may name, how they stand and what is kept of them',
  examples: ['hanse upstream list'],
  async run(_input, context) {
    const node = await context.node()
    return { data: await node.call<readonly UpstreamLine[]>('GET', '/api/upstreams') }
  },
  view: (lines: readonly UpstreamLine[]) =>
    tableOf(
      ['NAME', 'URL', 'CREDENTIALS', 'FROM', 'STATE', 'PACKAGES', 'TARBALLS', 'BYTES', 'LAST FAILURE'],
      lines.map(({ name, url, credentials, from, state, packages, tarballs, bytes, lastFailure }) => [
        ...[name, url, credentials, from, state, packages, tarballs, bytes],
        lastFailure === null ? '' : `${new Date(lastFailure.at).toISOString()} ${lastFailure.message}`,
      ]),
      'no upstreams',
    ),
}

const add: Command = {
  name: 'add',
  summary: 'add an npm registry that this node pulls through; secrets are named by file',
  examples: [
    'hanse upstream add nexus https://nexus.example/repository/npm/ --token-file /etc/hanse/nexus-token',
    'hanse upstream add old https://old.example/ --username ci --password-file ./password --ca-file ./ca.pem',
  ],
  args: [
    { name: '<name>', text: 'what routes call it: upstream/NAME' },
    { name: '<url>', text: 'its address, http or https' },
  ],
  options: [
    { flags: '--token-file <file>', text: 'a file of the node’s machine with a bearer token' },
    { flags: '--username <user>', text: 'the user of a password' },
    { flags: '--password-file <file>', text: 'a file of the node’s machine with the password' },
    { flags: '--ca-file <file>', text: 'PEM certificates trusted beside the system’s' },
    { flags: '--proxy <url>', text: 'a proxy, or none (default: what the environment says)' },
    { flags: '--trust-time', text: 'its publishing times count for names that are new here' },
  ],
  async run(input, context) {
    const node = await context.node()
    return { data: await node.call('POST', '/api/upstreams', { body: bodyOf(input) }) }
  },
  view: (data: object) => fieldsOf(data),
}

/** Files are given as this shell reads them. */
function bodyOf(input: Input): object {
  const [name, url] = input.args
  const path = (option: string) => {
    const text = textOf(input, option)
    return text === undefined ? undefined : resolve(text)
  }
  return {
    ...{ name, url },
    ...{ tokenFile: path('tokenFile'), username: textOf(input, 'username'), passwordFile: path('passwordFile') },
    ...{ caFile: path('caFile'), proxy: textOf(input, 'proxy') },
    ...(input.options.trustTime === true ? { trustTime: true } : {}),
  }
}

const remove: Command = {
  name: 'remove',
  summary: 'forget a registry that was added; refused while a route leads there',
  examples: ['hanse upstream remove nexus'],
  args: [{ name: '<name>', text: 'its name' }],
  async run({ args }, context) {
    const node = await context.node()
    return { data: await node.call('DELETE', `/api/upstreams/${encodeURIComponent(args[0] ?? '')}`) }
  },
  view: (data: object) => fieldsOf(data),
}

/** `hanse upstream list|add|remove`. */
export const upstreamGroup: CommandGroup = {
  name: 'upstream',
  summary: 'list, add and remove the registries that this node pulls through',
  commands: [list, add, remove],
}

import type { StartFlags } from '../../node/index.ts'
import { type Command, type Input, listOf, textOf } from '../command.ts'
import { CliError } from '../errors.ts'
import { shellWordOf } from '../shell-word.ts'
import { linesOf } from '../view.ts'

/** `hanse start`: runs a node on the home until SIGTERM or Ctrl-C, which end it cleanly. */
export const startCommand: Command = {
  name: 'start',
  summary: 'run a node on this home',
  examples: [
    'hanse start',
    'hanse start --bootstrap /ip4/192.0.2.1/tcp/7701/p2p/12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK',
    'hanse start --network off --http 127.0.0.1:0',
  ],
  options: [
    { flags: '--http <host:port>', text: 'where the API listens; port 0 takes any free one' },
    { flags: '--listen <multiaddr>', text: 'where peers connect', repeat: true },
    { flags: '--announce <multiaddr>', text: 'the address to tell peers instead', repeat: true },
    { flags: '--bootstrap <multiaddr>', text: 'a node to meet first', repeat: true },
    { flags: '--network <mode>', text: 'who may connect', choices: ['off', 'private', 'public'] },
    { flags: '--mdns', text: 'find nodes on the local network' },
    {
      flags: '--share-upstreams',
      text: 'state in the public feed what is pulled from upstreams, and serve it to peers',
    },
  ],
  local: true,
  async run(input, { home, environment, signal, print }) {
    const flags = startFlagsOf(input)
    const { startNode } = await import('../../node/index.ts')
    await using node = await startNode({
      home,
      ...flags,
      env: environment.settings,
      variables: environment.inherited,
      signal,
    })
    const ready = { event: 'ready', ...node.ready }
    print(
      ready,
      linesOf(
        `home       ${home}`,
        `publisher  ${ready.publisher}`,
        `peer       ${ready.peerId}`,
        ...ready.addresses.map(address => `address    ${address}`),
        `serving    ${ready.http}   (Ctrl-C stops)`,
        ...noticesOf(ready.addresses, node.isRecoveryExported, home),
        ...(node.sharing === null ? [] : [`note: ${node.sharing}`]),
        ...nextSteps(home),
      ),
    )
    await Promise.race([node.closed, abortOf(signal)])
    return null
  },
  view: () => linesOf(),
}

/** What a newcomer would not expect of a node that serves, each with what changes it. */
export function noticesOf(addresses: readonly string[], isRecoveryExported: boolean, home: string): string[] {
  const isOpen = addresses.some(address => !/^\/(ip4\/127\.|ip6\/::1\/)/.test(address))
  return [
    ...(isOpen
      ? ['note: other machines can connect to each address above; --listen chooses them, --network off closes all']
      : []),
    ...(isRecoveryExported
      ? []
      : [`note: the recovery key is in this home alone; hanse key export --to FILE --home ${shellWordOf(home)}`]),
  ]
}

/** What a newcomer may type now. */
function nextSteps(home: string): string[] {
  const at = `--home ${shellWordOf(home)}`
  return [
    `next, in a second terminal: hanse publish DIR --public ${at}, hanse search WORDS ${at}`,
    `  in front of npm, in a project: hanse use npm ${at}; to meet others: hanse peer add ADDRESS ${at}`,
  ]
}

/** Options that were not given stay away, so that file and environment count. */
function startFlagsOf(input: Input): StartFlags {
  const http = textOf(input, 'http')
  const network = textOf(input, 'network')
  const lists = (['listen', 'announce', 'bootstrap'] as const).map(name => [name, listOf(input, name)] as const)
  return {
    ...(http === undefined ? {} : { http: parseHostPort(http) }),
    ...Object.fromEntries(lists.filter(([, list]) => list.length > 0)),
    ...(network === 'off' || network === 'private' || network === 'public' ? { network } : {}),
    ...(input.options.mdns === true ? { mdns: true } : {}),
    ...(input.options.shareUpstreams === true ? { shareUpstreams: true } : {}),
  }
}

/** Parses `HOST:PORT`, `[::1]:PORT` or `:PORT`. */
function parseHostPort(text: string): { host: string; port: number } {
  const found = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s/]*):(\d{1,5})$/.exec(text)
  const port = Number(found?.[2])
  if (!found || port > 65_535) {
    throw new CliError('E_USAGE', `--http wants HOST:PORT, not ${text}`, { hint: 'hanse start --http 127.0.0.1:0' })
  }
  const host = (found[1] ?? '').replace(/^\[|\]$/g, '')
  return { host: host === '' ? '127.0.0.1' : host, port }
}

function abortOf(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

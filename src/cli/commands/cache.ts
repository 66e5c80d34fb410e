import { type Command, type CommandGroup, textOf } from '../command.ts'
import { fieldsOf, linesOf, partsOf, tableOf, type View } from '../view.ts'

interface CacheStats {
  readonly upstreams: readonly {
    readonly upstream: string
    readonly packuments: number
    readonly packumentBytes: number
    readonly tarballs: number
    readonly tarballBytes: number
    readonly hits: number
    readonly misses: number
  }[]
  readonly [name: string]: unknown
}

const stats: Command = {
  name: 'stats',
  summary: 'show what is kept of upstreams, how it is used and what bounds it',
  examples: ['hanse cache stats'],
  async run(_input, context) {
    const node = await context.node()
    return { data: await node.call<CacheStats>('GET', '/api/cache') }
  },
  view: statsView,
}

function statsView({ upstreams, disk, ...totals }: CacheStats): View {
  const rows = upstreams.map(each => [
    ...[each.upstream, each.packuments, each.packumentBytes, each.tarballs, each.tarballBytes, each.hits, each.misses],
  ])
  const columns = ['UPSTREAM', 'PACKUMENTS', 'BYTES', 'TARBALLS', 'BYTES', 'HITS', 'MISSES']
  return partsOf(fieldsOf({ ...totals, ...(disk as object) }), tableOf(columns, rows, 'nothing is kept yet'))
}

const prune: Command = {
  name: 'prune',
  summary: 'let go of upstream bytes, the least used first, and of what former upstreams left',
  examples: ['hanse cache prune --older-than 30d', 'hanse cache prune --to 5GB --dry-run'],
  options: [
    { flags: '--older-than <time>', text: 'what was not used for so long: 30d, 12h' },
    { flags: '--to <size>', text: 'until so much is left: 5GB, 512MiB' },
    { flags: '--dry-run', text: 'say what would go' },
  ],
  async run(input, context) {
    const node = await context.node()
    const body = {
      ...{ olderThan: textOf(input, 'olderThan'), to: textOf(input, 'to') },
      dryRun: input.options.dryRun === true,
    }
    return { data: await node.call('POST', '/api/cache/prune', { body }) }
  },
  view: (data: object) => fieldsOf(data),
}

const pins: Command = {
  name: 'pins',
  summary: 'list the versions that stay cached',
  examples: ['hanse cache pins'],
  async run(_input, context) {
    const node = await context.node()
    return { data: await node.call('GET', '/api/cache/pins') }
  },
  view: (lines: readonly { readonly purl: string; readonly version: string; readonly sha256: string }[]) =>
    tableOf(
      ['PACKAGE', 'VERSION', 'SHA256'],
      lines.map(({ purl, version, sha256 }) => [purl, version, sha256]),
      'nothing is pinned',
    ),
}

const pin: Command = {
  name: 'pin',
  summary: 'bring a version of an upstream here and keep it, whatever the bound',
  examples: ['hanse cache pin npm:express@5.1.0'],
  args: [{ name: '<purl>', text: 'npm:express@5.1.0' }],
  async run({ args }, context) {
    const node = await context.node()
    return { data: await node.call('POST', '/api/cache/pins', { body: { purl: args[0] } }) }
  },
  view: (data: object) => fieldsOf(data),
}

const unpin: Command = {
  name: 'unpin',
  summary: 'let a pinned version go with the others',
  examples: ['hanse cache unpin npm:express@5.1.0'],
  args: [{ name: '<purl>', text: 'npm:express@5.1.0' }],
  async run({ args }, context) {
    const node = await context.node()
    return { data: await node.call('DELETE', '/api/cache/pins', { query: { purl: args[0] } }) }
  },
  view: (data: object) => fieldsOf(data),
}

interface Verified {
  readonly artifacts: number
  readonly bytes: number
  readonly altered: readonly { readonly sha256: string; readonly names: readonly string[] }[]
  readonly alteredCount: number
}

const verify: Command = {
  name: 'verify',
  summary: 'read all bytes kept of upstreams; altered ones are dropped and come again when asked for',
  examples: ['hanse cache verify'],
  async run(_input, context) {
    const node = await context.node()
    const data = await node.call<Verified>('POST', '/api/cache/verify')
    return { data, failed: data.alteredCount > 0 }
  },
  view: ({ artifacts, bytes, altered, alteredCount }: Verified) =>
    partsOf(
      linesOf(`${artifacts} artifacts, ${bytes} bytes read, ${alteredCount} altered and dropped`),
      ...(altered.length === 0
        ? []
        : [
            tableOf(
              ['SHA256', 'NAMES'],
              altered.map(({ sha256, names }) => [sha256, names]),
              '',
            ),
          ]),
    ),
}

/** `hanse cache stats|prune|pins|pin|unpin|verify`. */
export const cacheGroup: CommandGroup = {
  name: 'cache',
  summary: 'look after what is kept of upstreams',
  commands: [stats, prune, pins, pin, unpin, verify],
}

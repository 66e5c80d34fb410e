import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { beforeAll, expect, test } from 'vitest'

const SRC = join(import.meta.dirname, '../src')
const RINGS = ['protocol', 'federation', 'node', 'cli'] as const
type Ring = (typeof RINGS)[number]

/** What each ring may import, through its index.ts. */
const MAY_IMPORT: Readonly<Record<Ring, readonly Ring[]>> = {
  protocol: [],
  federation: ['protocol'],
  node: ['federation', 'protocol'],
  cli: ['node', 'protocol'],
}

/** Every place that hands bytes, records or what they say to a peer, the question it asks the one gate, and in how many ways out. */
const DOORS: readonly { readonly file: string; readonly asks: RegExp; readonly times: number }[] = [
  { file: 'federation/content/content-server.ts', asks: /if \(!\(await mayServe\(/g, times: 2 },
  { file: 'federation/sync/handler.ts', asks: /ports\.mayServeFeed\(/g, times: 2 },
  { file: 'federation/gossip/driver.ts', asks: /if \(!this\.#ports\.mayAnnounce\(/g, times: 1 },
  { file: 'node/network/public-blockstore.ts', asks: /await this\.#(mayServe|isOpen)\(/g, times: 4 },
  { file: 'node/use-cases/public-bytes.ts', asks: /await isForEveryone\(|await gate\.mayServeBlock\(/g, times: 3 },
  { file: 'node/use-cases/search-public.ts', asks: /if \(!mayServe\(/g, times: 1 },
]
/** The gate itself: what the doors are given asks `mayServe` of the protocol ring. */
const GATE = 'node/library/serve-gate.ts'

/** What only some files may say, and where: a new file that reads bytes or answers peers has to be thought about here. */
const RESERVED: readonly { readonly what: string; readonly code: RegExp; readonly files: readonly string[] }[] = [
  {
    what: 'reads stored blocks',
    code: /\.readBlock\b/,
    files: [
      'federation/content/content-server.ts', // a door
      'node/composition/answer-peers.ts', // hands the store to that door
      'node/storage/helia-blockstore.ts', // behind PublicBlockstore
      'node/use-cases/public-bytes.ts', // a door
    ],
  },
  {
    what: 'opens artifacts',
    code: /artifacts\.open\(/,
    files: [
      'node/cache/upstream-cache.ts', // hands it to the upstreams, counting
      'node/registries/npm/publisher-source.ts', // for this node's own clients alone
      'node/registries/npm/stored-manifest.ts',
      'node/services.ts', // the API, behind the node's token
      'node/sharing/document-opener.ts', // what publishers stated, to be parsed
      'node/sharing/upstream-word.ts', // for the npm front, where an upstream is silent
      'node/storage/backup.ts',
      'node/upstream/npm/former-npm-cache.ts', // for the npm front, under an upstream's former address
      'node/upstream/npm/npm-tarballs.ts', // for the npm front
      'node/use-cases/public-bytes.ts', // a door
    ],
  },
  {
    what: 'reaches the blockstore without its gate',
    code: /new HeliaBlockstore\(/,
    files: ['node/composition/open-network.ts'],
  },
  {
    what: 'answers peers',
    code: /\b(encodeHeads|encodeRange|encodeBlockAnswer|encodeSearchHits|encodeAnnouncement|encodeFrame|encodeFrameHeader)\(/,
    files: [
      'federation/content/content-server.ts',
      'federation/gossip/announcement-codec.ts', // the driver asks before it encodes
      'federation/search/answer-searches.ts', // sends what node/use-cases/search-public.ts let through
      'federation/streams/frame-sender.ts',
      'federation/sync/handler.ts',
    ],
  },
  {
    what: 'says who answers a protocol',
    code: /\bstreams\.handle\(|libp2p\.handle\(/,
    files: ['node/composition/answer-peers.ts', 'node/composition/join-network.ts', 'node/network/stream-port.ts'],
  },
]

interface Source {
  /** Path below src. */
  readonly path: string
  readonly ring: Ring
  /** The text without comments. */
  readonly code: string
  readonly imports: readonly string[]
}

let sources: readonly Source[]

beforeAll(async () => {
  const entries = await readdir(SRC, { withFileTypes: true, recursive: true })
  const paths = entries
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => relative(SRC, join(entry.parentPath, entry.name)))
  sources = await Promise.all(paths.sort().map(sourceOf))
})

async function sourceOf(path: string): Promise<Source> {
  const code = withoutComments(await readFile(join(SRC, path), 'utf8'))
  const imports = [...code.matchAll(/\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map(([, name = '']) => name)
  return { path, ring: path.split('/')[0] as Ring, code, imports }
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}

function offences(of: (source: Source) => readonly string[]): string[] {
  return sources.flatMap(source => of(source).map(what => `${source.path}: ${what}`))
}

test('the sources are found, in the four rings only', () => {
  expect(sources.length).toBeGreaterThan(50)
  expect([...new Set(sources.map(({ ring }) => ring))].sort()).toEqual([...RINGS].sort())
})

test('imports run only cli → node → federation → protocol, through the other ring’s index.ts', () => {
  const wrong = offences(({ path, ring, imports }) =>
    imports.filter(name => {
      if (!name.startsWith('.')) return false
      const target = relative(SRC, resolve(SRC, dirname(path), name))
      const other = target.split('/')[0] as Ring
      if (other === ring) return false
      return !MAY_IMPORT[ring].includes(other) || target !== `${other}/index.ts`
    }),
  )
  expect(wrong).toEqual([])
})

test('`hanse --help` loads no other ring and no heavy package', () => {
  const loaded = new Set<string>()
  const heavy: string[] = []
  const follow = (path: string) => {
    if (loaded.has(path)) return
    loaded.add(path)
    for (const name of eagerImportsOf(sources.find(source => source.path === path)?.code ?? '')) {
      if (name.startsWith('.')) follow(relative(SRC, resolve(SRC, dirname(path), name)))
      else if (name !== 'commander' && !name.startsWith('node:')) heavy.push(`${path}: ${name}`)
    }
  }
  follow('cli/main.ts')
  expect(loaded.size).toBeGreaterThan(20)
  expect([...loaded].filter(path => !path.startsWith('cli/'))).toEqual([])
  expect(heavy).toEqual([])
})

/** Static imports of values, which are loaded before the first line runs. */
function eagerImportsOf(code: string): string[] {
  const found = code.matchAll(/^(?:import|export)\s+(?!type\b)(?:[\w\s{},*]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)
  return [...found].map(([, name = '']) => name)
}

/** I/O, clocks, randomness and logs: what a pure file does not touch. */
const IMPURE_MODULES =
  /^(node:(?!crypto$)|fs$|net$|http|@libp2p\/(?!interface)|libp2p|helia|classic-level|fastify|pino)/
const IMPURE_CODE =
  /\b(Date\.now|new Date\(\)|Math\.random|performance\.now|setTimeout|setInterval|setImmediate|queueMicrotask|console\.|process\.|fetch\(|randomBytes|randomUUID|getRandomValues|generateKeyPair)/g

test('src/protocol and every machine.ts are pure', () => {
  const wrong = offences(({ path, ring, code, imports }) => {
    if (ring !== 'protocol' && !/(^|[/-])machine\.ts$/.test(path)) return []
    return [
      ...imports.filter(name => IMPURE_MODULES.test(name)),
      ...[...code.matchAll(IMPURE_CODE)].map(([what]) => what),
    ]
  })
  expect(wrong).toEqual([])
})

test('the environment is read in one file', () => {
  const wrong = offences(({ path, code }) =>
    path !== 'cli/environment.ts' && /process\.env/.test(code) ? ['process.env'] : [],
  )
  expect(wrong).toEqual([])
})

test('nothing ends the process, and only the command line prints', () => {
  const wrong = offences(({ ring, code }) => [
    ...(/process\.exit\(/.test(code) ? ['process.exit'] : []),
    ...(ring !== 'cli' && /console\.|process\.std(out|err)/.test(code) ? ['prints'] : []),
  ])
  expect(wrong).toEqual([])
})

test('no bag for leftovers: every file is named by its concept', () => {
  const bags = /(^|\/)(utils?|helpers?|common|managers?|base|misc)(\.ts$|\/)/
  expect(offences(({ path }) => (bags.test(path) ? ['name'] : []))).toEqual([])
})

test('every door asks the one gate', () => {
  for (const { file, asks, times } of DOORS) {
    const source = sources.find(({ path }) => path === file)
    expect(source, `${file} is gone: name the door's new place`).toBeDefined()
    expect(source?.code.match(asks), `${file} serves without asking mayServe`).toHaveLength(times)
  }
  expect(sources.find(({ path }) => path === GATE)?.code).toMatch(/\bmayServe\(.*kind: 'peer'/)
})

test.each(RESERVED)('only a listed file $what', ({ code, files }) => {
  const found = sources.filter(source => source.ring !== 'protocol' && code.test(source.code)).map(({ path }) => path)
  expect(found).toEqual([...files].sort())
})

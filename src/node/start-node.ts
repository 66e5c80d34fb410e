import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ed25519SelfTest, type PeerId, parseUnverifiedRecord } from '../protocol/index.ts'
import { Exchange } from './composition/exchange.ts'
import { applyRelations, type Federation, joinFederation, openNetwork } from './composition/join-network.ts'
import { type OpenHome, openHome } from './composition/open-home.ts'
import { sharingOf } from './composition/open-sharing.ts'
import { Upstreams } from './composition/open-upstreams.ts'
import { providersOf } from './composition/providers.ts'
import { type LoadedConfig, loadConfig, type StartFlags, settingValuesOf, writeProfile } from './config/index.ts'
import { type Front, startHttp } from './http/start-http.ts'
import { saveIdentity } from './identity/identity-file.ts'
import { ArtifactFetcher } from './library/artifact-fetcher.ts'
import { HoldingStatement } from './library/holding-statement.ts'
import { RouteTable } from './library/route-table.ts'
import { Turns } from './library/turns.ts'
import { createLog } from './log.ts'
import { LookAlikes } from './look-alikes/index.ts'
import { createMetrics } from './metrics/metrics.ts'
import { discoveryPortOf } from './network/discovery-port.ts'
import type { Network } from './network/network.ts'
import type { NodeContext } from './node-context.ts'
import { NPM_PREFIX, npmRegistry } from './registries/npm/index.ts'
import { servicesOf } from './services.ts'
import { openDataDirectory, replaceFile } from './storage/index.ts'
import { AbsentHolders } from './use-cases/absent-holders.ts'
import { removeOldFormerCaches } from './use-cases/cache-former.ts'
import { SeenHits } from './use-cases/seen-hits.ts'
import { VerdictLog } from './verdict-log/index.ts'
import { HANSE_VERSION } from './version.ts'

/** How a node is started: what is given here wins over environment, file and defaults. */
export interface StartOptions extends StartFlags {
  readonly home: string
  /** `HANSE_*` variables. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** All variables of the process, for what other programs are configured with: npm's registry, proxies. */
  readonly variables?: Readonly<Record<string, string | undefined>>
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal
}

/** A node that serves. */
export interface RunningNode extends AsyncDisposable {
  readonly ready: {
    readonly http: string
    readonly peerId: string
    readonly addresses: readonly string[]
    readonly publisher: string
  }
  /** Whether the recovery key lies anywhere but in the home. */
  readonly isRecoveryExported: boolean
  /** What it tells others of the upstreams it uses, in a sentence, or null. */
  readonly sharing: string | null
  /** Resolves when the node has ended. */
  readonly closed: Promise<void>
}

/** Starts a node: what is on disk, the network, the federation, the HTTP API; everything undoes itself in reverse. */
export async function startNode(options: StartOptions): Promise<RunningNode> {
  ed25519SelfTest()
  const sources = { home: options.home, env: options.env ?? {}, flags: settingValuesOf(options) }
  // What was asked is checked before a home is made of it.
  await loadConfig(sources)
  await using stack = new AsyncDisposableStack()
  const paths = stack.use(await openDataDirectory(options.home))
  await writeProfile(options.home, 'publisher')
  const loaded = await loadConfig(sources)
  const home = await openHome(stack, paths, loaded)
  options.signal?.throwIfAborted()
  const node = await openNode(stack, home, loaded, options)
  options.signal?.throwIfAborted()
  const http = await openHttp(stack, node)
  // Opened, they are known by their addresses, which the notice tells.
  if (node.sharing.isStating) await node.upstreams.openAll()
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  stack.defer(resolve)
  const owned = stack.move()
  const peerId = node.libp2p.peerId.toString()
  const addresses = node.libp2p.getMultiaddrs().map(String)
  return {
    ready: { http, peerId, addresses, publisher: node.writer.publisher },
    isRecoveryExported: node.identity().recoveryExported,
    sharing: node.sharing.notice(node.upstreams.list()),
    closed,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Joins the network with what is on disk. */
async function openNode(
  stack: AsyncDisposableStack,
  home: OpenHome,
  loaded: LoadedConfig,
  options: StartOptions,
): Promise<NodeContext> {
  const net = loaded.config.network.id
  let libp2p: Network | null = null
  const network = (): Network => {
    if (libp2p === null) throw new TypeError('the network is not started yet')
    return libp2p
  }
  const { library } = home
  const metrics = createMetrics({
    peers: () => network().getPeers().length,
    feeds: () => library.feedCount(),
    packages: () => library.index.stats().documents,
  })
  const exchange = stack.use(new Exchange({ net, config: loaded.config, home, metrics, network }))
  library.access.ownedBy(exchange.writer.publisher)
  await exchange.writer.begin()
  await home.artifacts.markOwn(library.access.releasedHere())
  libp2p = (await openNetwork(stack, home, exchange, loaded)).libp2p
  const federation: { joined: Federation | null } = { joined: null }
  const upstreams = stack.use(upstreamsOf(home, loaded, options, () => node.sharing))
  const parts = { home, loaded, options, exchange, libp2p, metrics, upstreams }
  const node = nodeContextOf({ ...parts, federation: () => federation.joined })
  stack.use(node.lookAlikes)
  stack.use(node.sharing)
  federation.joined = await joinFederation(stack, home, exchange, node)
  const stop = library.access.onFirstPublic(exchange.writer.publisher, () => node.applyRelations())
  stack.defer(stop)
  node.applyRelations()
  const cleaned = removeOldFormerCaches(node, Date.now()).catch(err => createLog().error({ err }, 'former caches'))
  stack.defer(async () => void (await cleaned))
  // What keeps it from writing is told by /readyz and by the first write, which tries again.
  exchange.writer.prepare().catch(() => {})
  return node
}

function upstreamsOf(
  home: OpenHome,
  { config }: LoadedConfig,
  { variables = {} }: StartOptions,
  sharing: () => NodeContext['sharing'],
): Upstreams {
  const { paths, database, cache, upstreamBook: book } = home
  const log = createLog()
  const { publicUrl } = config.http
  const upstreams = new Upstreams({
    ...{ paths, database, configured: config.upstreams, book, variables, sharing },
    artifactsOf: name => cache.artifactsOf(name),
    denied: home.purges,
    isPurged: home.isPurged,
    requireRoom: () => home.disk.requireRoom(),
    log: (message, err) => log.error({ err }, message),
  })
  if (publicUrl !== undefined) upstreams.ownUrls.push(publicUrl)
  return upstreams
}

interface ContextParts {
  readonly home: OpenHome
  readonly loaded: LoadedConfig
  readonly options: StartOptions
  readonly exchange: Exchange
  readonly libp2p: Network
  readonly metrics: NodeContext['metrics']
  readonly upstreams: Upstreams
  readonly federation: () => Federation | null
}

function nodeContextOf(parts: ContextParts): NodeContext {
  const { home, loaded, options, exchange, libp2p, metrics, upstreams, federation } = parts
  const { paths, database, artifacts, audit, library, relations, peers, tokens, installs, policy } = home
  const { streams, protocols, writer } = exchange
  const { config } = loaded
  const net = config.network.id
  let { identity } = home
  const fetcher = new ArtifactFetcher({
    streams,
    protocol: protocols.content,
    store: artifacts,
    denied: home.purges,
    providersOf: (artifact, publisher, signal) => providersOf(node, { artifact, publisher }, signal),
    onFetched: result => metrics.fetched.inc({ result }),
  })
  const node: NodeContext = {
    ...{ version: HANSE_VERSION, net, paths, config, loaded, database, artifacts, audit, library, relations, peers },
    ...{
      writer,
      fetcher,
      streams,
      protocols,
      libp2p,
      metrics,
      upstreams,
      tokens,
      installs,
      policy,
      verdicts: new VerdictLog(),
    },
    routes: new RouteTable({
      home: options.home,
      settings: config.routes,
      library,
      relations,
      own: writer.publisher,
      upstreams: () => upstreams.names(),
    }),
    advisories: home.advisories,
    lookAlikes: new LookAlikes({
      ...{ ...home.nameLists, library, relations, own: writer.publisher },
      routes: { list: () => node.routes.list() },
    }),
    sharing: sharingOf(home, { writer, libp2p, config }, () => node),
    seen: new SeenHits(),
    holding: new HoldingStatement({
      ...{ library, relations, writer, peer: libp2p.peerId.toString() as PeerId },
      isNetworkOn: config.network.mode !== 'off',
      connectedPeers: () => exchange.connectedPeers(),
      onFailed: why => createLog().warn(`what this node mirrors could not be signed, and is tried again: ${why}`),
    }),
    ...{ incoming: home.incoming, purges: home.purges, purgeBytes: home.purgeBytes, disk: home.disk },
    ...{ cache: home.cache, ledger: home.ledger, pins: home.pins },
    absent: new AbsentHolders(),
    publishing: new Turns(),
    backupPassphrase: options.env?.HANSE_BACKUP_PASSPHRASE,
    identity: () => identity,
    changeIdentity: async change => {
      const next = change(identity)
      await saveIdentity(paths.home, next)
      identity = next
    },
    connectedPeers: () => exchange.connectedPeers(),
    parseStored: envelope => parseUnverifiedRecord(envelope, { net }).record,
    applyRelations: () => {
      const joined = federation()
      if (joined !== null) applyRelations(node, joined)
    },
    dial: async (address, signal) => {
      federation()?.discovery.heard([address], peers.isPinned(address.peer) ? 'pinned' : 'hint')
      const dialled = discoveryPortOf(libp2p).dial(address, { signal })
      return await dialled.then(
        () => true,
        () => false,
      )
    },
    hangUp: async peer => {
      federation()?.discovery.forget(peer)
      await exchange.hangUp(peer)
    },
    standing: peer => federation()?.discovery.standing(peer) ?? { state: 'dialling' },
    problems: () => [
      ...[...exchange.problems.values(), ...writer.problems(), ...library.problems.values()],
      ...[policy.problem() ?? [], home.disk.problem() ?? []].flat(),
    ],
  }
  return node
}

/** Starts the HTTP API and leaves its address and token in the home, for the CLI of the same user. */
async function openHttp(stack: AsyncDisposableStack, node: NodeContext): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  const { host, port, publicUrl = null, openReads, trustedProxies } = node.config.http
  const mayMove = node.loaded.origins.get('http.port')?.origin === 'default'
  const log = createLog()
  const logFault = (message: string, err: unknown) => log.error({ err }, message)
  const npm: Front = {
    prefix: NPM_PREFIX,
    mount: guard => npmRegistry({ node, guard, upstreams: node.upstreams, publicUrl, log: logFault }),
  }
  const guarded = { token, tokens: node.tokens, openReads, trustedProxies }
  const options = { host, port, publicUrl, ...guarded, version: node.version, mayMove }
  const http = stack.use(await startHttp(options, servicesOf(node), logFault, [npm]))
  node.upstreams.ownUrls.push(http.url)
  const runFile = join(node.paths.home, 'run.json')
  const run = { pid: process.pid, url: http.url, token, peerId: node.libp2p.peerId.toString() }
  await replaceFile(runFile, Buffer.from(`${JSON.stringify(run)}\n`), 0o600)
  stack.defer(() => rm(runFile, { force: true }))
  return http.url
}

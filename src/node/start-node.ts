import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ed25519SelfTest } from '../protocol/index.ts'
import { openHome } from './composition/open-home.ts'
import { openNode } from './composition/open-node.ts'
import { loadConfig, type StartFlags, settingValuesOf, writeProfile } from './config/index.ts'
import { type Front, startHttp } from './http/start-http.ts'
import { createLog } from './log.ts'
import type { NodeContext } from './node-context.ts'
import { NPM_PREFIX, npmRegistry } from './registries/npm/index.ts'
import { servicesOf } from './services.ts'
import { openDataDirectory, replaceFile } from './storage/index.ts'

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
  const node = await openNode(stack, home, loaded, {
    backupPassphrase: options.env?.HANSE_BACKUP_PASSPHRASE,
    variables: options.variables ?? {},
  })
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

/** Starts the HTTP API and leaves its address and token in the home, for the CLI of the same user. */
async function openHttp(stack: AsyncDisposableStack, node: NodeContext): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  const { host, port, publicUrl = null, openReads, publicBytes, trustedProxies } = node.config.http
  const mayMove = node.loaded.origins.get('http.port')?.origin === 'default'
  const log = createLog()
  const logFault = (message: string, err: unknown) => log.error({ err }, message)
  const npm: Front = {
    prefix: NPM_PREFIX,
    mount: guard => npmRegistry({ node, guard, upstreams: node.upstreams, publicUrl, log: logFault }),
  }
  const access = { token, tokens: node.tokens, openReads, trustedProxies }
  const options = { host, port, publicUrl, ...access, version: node.version, mayMove, publicBytes }
  const http = stack.use(await startHttp(options, servicesOf(node), logFault, [npm]))
  node.upstreams.ownUrls.push(http.url)
  const runFile = join(node.paths.home, 'run.json')
  const run = { pid: process.pid, url: http.url, token, peerId: node.libp2p.peerId.toString() }
  await replaceFile(runFile, Buffer.from(`${JSON.stringify(run)}\n`), 0o600)
  stack.defer(() => rm(runFile, { force: true }))
  return http.url
}

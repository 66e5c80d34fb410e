import { join } from 'node:path'
import { MACHINE_UPSTREAM, type UpstreamSetting } from '../config/index.ts'
import { NodeError } from '../errors.ts'
import { isLoopback } from '../http/host-guard.ts'
import type { NodeContext } from '../node-context.ts'
import type { NpmSource } from '../registries/npm/index.ts'
import {
  openNpmUpstream,
  proxyEnvironmentOf,
  type UpstreamSettings,
  upstreamSettingsSchema,
} from '../upstream/index.ts'
import { LazyNpmSource } from './lazy-npm-source.ts'
import { machineRegistryOf } from './machine-registry.ts'

export interface UpstreamParts {
  readonly node: Pick<NodeContext, 'config' | 'paths' | 'database' | 'artifacts'>
  /** Variables of the process: npm's own and those of proxies. */
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Addresses under which clients reach this node: an upstream there would ask itself for ever. */
  readonly ownUrls: () => readonly string[]
  readonly log: (message: string, cause: unknown) => void
}

/** Every npm registry that routes may name; each is opened when it is first asked. */
export function openNpmUpstreams(
  stack: AsyncDisposableStack,
  { node, variables, ownUrls, log }: UpstreamParts,
): ReadonlyMap<string, NpmSource> {
  const sources = new Map<string, NpmSource>()
  const { database, artifacts, paths } = node
  const open = (name: string, settings: () => Promise<UpstreamSettings>) => {
    const lazy = new LazyNpmSource(async () =>
      openNpmUpstream({
        settings: requireElsewhere(await settings(), ownUrls()),
        folder: join(paths.home, 'upstream'),
        database,
        artifacts,
        proxies: proxyEnvironmentOf(variables),
        onProblem: problem => log(`upstream ${name}`, problem),
      }),
    )
    sources.set(name, stack.use(lazy))
  }
  for (const [name, setting] of Object.entries(node.config.upstreams)) {
    if (setting.ecosystem === 'npm') open(name, async () => settingsOf(name, setting))
  }
  if (!sources.has(MACHINE_UPSTREAM)) open(MACHINE_UPSTREAM, () => machineSettings(variables))
  return sources
}

/** @throws NodeError E_CONFIG for an upstream that is this node */
function requireElsewhere(settings: UpstreamSettings, ownUrls: readonly string[]): UpstreamSettings {
  const url = new URL(settings.url)
  const isOwn = (own: URL) => own.host === url.host || (isLoopback(url.hostname) && own.port === url.port)
  if (!ownUrls.some(own => isOwn(new URL(own)))) return settings
  throw new NodeError('E_CONFIG', `upstream ${settings.name} is this node itself (${settings.url})`, {
    hint: `set upstreams.${settings.name}.url in config.yaml to the registry behind it`,
  })
}

async function machineSettings(variables: UpstreamParts['variables']): Promise<UpstreamSettings> {
  const url = await machineRegistryOf(variables)
  return upstreamSettingsSchema.parse({ name: MACHINE_UPSTREAM, url, trustTime: true })
}

/** @throws NodeError E_CONFIG with the key of what cannot be used */
function settingsOf(name: string, setting: UpstreamSetting): UpstreamSettings {
  const { url, caFile = null, proxy = null, trustTime = name === MACHINE_UPSTREAM } = setting
  const credentials = credentialsOf(setting)
  const parsed = upstreamSettingsSchema.safeParse({ name, url, credentials, caFile, proxy, trustTime })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new NodeError('E_CONFIG', `upstreams.${name}.${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
}

function credentialsOf({ tokenFile, username, passwordFile }: UpstreamSetting): UpstreamSettings['credentials'] {
  if (tokenFile !== undefined) return { kind: 'bearer', tokenFile }
  if (username === undefined || passwordFile === undefined) return { kind: 'none' }
  return { kind: 'basic', username, passwordFile }
}

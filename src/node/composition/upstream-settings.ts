import { stat } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { MACHINE_UPSTREAM, type UpstreamSetting } from '../config/index.ts'
import { NodeError } from '../errors.ts'
import { isLoopback } from '../http/host-guard.ts'
import { requireUsable, type UpstreamSettings, upstreamSettingsSchema } from '../upstream/index.ts'

/** An upstream's setting as its adapter takes it. @throws NodeError E_CONFIG with the key of what cannot be used */
export function settingsOf(name: string, setting: UpstreamSetting): UpstreamSettings {
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

/** @throws NodeError E_CONFIG for an upstream that is this node */
export function requireElsewhere(settings: UpstreamSettings, ownUrls: readonly string[]): UpstreamSettings {
  const url = new URL(settings.url)
  const isOwn = (own: URL) => own.host === url.host || (isLoopback(url.hostname) && own.port === url.port)
  if (!ownUrls.some(own => isOwn(new URL(own)))) return settings
  throw new NodeError('E_CONFIG', `upstream ${settings.name} is this node itself (${settings.url})`, {
    hint: `set upstreams.${settings.name}.url in config.yaml to the registry behind it`,
  })
}

/**
 * What people should know of a setting that works: who else may read its secret, and where it travels unprotected.
 * @throws NodeError E_USAGE for credentials given by halves, E_CONFIG for a file that this node cannot use
 */
export async function warningsOf(setting: UpstreamSetting, settings: UpstreamSettings): Promise<readonly string[]> {
  const { tokenFile, username, passwordFile, caFile } = setting
  if ((username === undefined) !== (passwordFile === undefined)) {
    throw new NodeError('E_USAGE', 'a user needs a password, and a password a user', {
      hint: '--username USER --password-file FILE',
    })
  }
  if (tokenFile !== undefined && username !== undefined) {
    throw new NodeError('E_USAGE', 'a token and a user are two ways to show who this node is: give one')
  }
  for (const path of [tokenFile, passwordFile, caFile]) {
    if (path !== undefined && !isAbsolute(path)) {
      throw new NodeError('E_USAGE', `${path} is no absolute path: the node may run in another folder`)
    }
  }
  await requireUsable(settings)
  const secrets = [tokenFile, passwordFile].filter(path => path !== undefined)
  const shared = await Promise.all(secrets.map(sharedWarningOf))
  return [...shared.filter(warning => warning !== null), ...plainWarningOf(settings)]
}

async function sharedWarningOf(path: string): Promise<string | null> {
  const { mode } = await stat(path)
  return (mode & 0o004) === 0 ? null : `every user of the node's machine can read ${path}: chmod 600 it`
}

function plainWarningOf({ url, credentials }: UpstreamSettings): readonly string[] {
  const { protocol, hostname, host } = new URL(url)
  if (credentials.kind === 'none' || protocol === 'https:' || isLoopback(hostname)) return []
  return [`the credentials go to ${host} over plain http: everyone on the way can read them`]
}

import { NodeError } from '../errors.ts'

/** How the text of a variable or flag becomes a value. */
type SettingType = 'text' | 'whole' | 'flag' | 'list'

/** Every setting with a place of its own: what flags and `HANSE_*` variables may set and `config list` shows. */
const SETTING_TYPES = {
  profile: 'text',
  'network.mode': 'text',
  'network.id': 'text',
  'network.listen': 'list',
  'network.announce': 'list',
  'network.bootstrap': 'list',
  'network.allow': 'list',
  'network.authority': 'text',
  'network.mdns': 'flag',
  'network.contact': 'text',
  'network.upBytesPerSecond': 'text',
  'network.downBytesPerSecond': 'text',
  'network.relay': 'flag',
  'network.relays': 'list',
  'network.findRelays': 'flag',
  'network.inboundPerAddress': 'whole',
  'network.inboundPerRange': 'whole',
  'network.catchUpMs': 'whole',
  'http.host': 'text',
  'http.port': 'whole',
  'http.publicUrl': 'text',
  'http.openReads': 'flag',
  'http.publicBytes': 'flag',
  'http.trustedProxies': 'list',
  'cache.max': 'text',
  'cache.minFree': 'text',
  'share.upstreams': 'flag',
  'share.peerTimeoutMs': 'whole',
  'snapshots.make': 'flag',
  'snapshots.join': 'text',
  'follow.recordsPerDay': 'whole',
  'follow.bytesPerDay': 'whole',
  'follow.bytesEach': 'whole',
  'follow.maxPublishers': 'whole',
  'follow.maxBytes': 'whole',
  'search.deadlineMs': 'whole',
  'limits.artifactBytes': 'whole',
} as const satisfies Record<string, SettingType>

export type SettingPath = keyof typeof SETTING_TYPES
export type SettingValues = Readonly<Partial<Record<SettingPath, unknown>>>
/** All setting paths, in the order of config.yaml. */
export const SETTING_PATHS = Object.keys(SETTING_TYPES) as SettingPath[]

/** `network.mode` → `HANSE_NETWORK_MODE`, `http.publicUrl` → `HANSE_HTTP_PUBLIC_URL`. */
export function variableOf(path: SettingPath): string {
  return `HANSE_${path
    .replace(/[A-Z]/g, letter => `_${letter}`)
    .replaceAll('.', '_')
    .toUpperCase()}`
}

/** The settings that `HANSE_*` variables give, typed; throws `E_CONFIG` naming the variable. */
export function parseVariables(env: Readonly<Record<string, string | undefined>>): SettingValues {
  const values: Partial<Record<SettingPath, unknown>> = {}
  for (const path of SETTING_PATHS) {
    const text = env[variableOf(path)]
    if (text !== undefined && text !== '') values[path] = parseText(path, text)
  }
  return values
}

function parseText(path: SettingPath, text: string): unknown {
  switch (SETTING_TYPES[path]) {
    case 'text':
      return text
    case 'list':
      return text
        .split(',')
        .map(item => item.trim())
        .filter(item => item !== '')
    case 'whole':
      if (!/^\d{1,15}$/.test(text)) throw new NodeError('E_CONFIG', `${variableOf(path)}: must be a whole number`)
      return Number(text)
    case 'flag':
      if (!/^(1|0|true|false)$/.test(text))
        throw new NodeError('E_CONFIG', `${variableOf(path)}: must be true or false`)
      return text === '1' || text === 'true'
  }
}

/** The value at a dotted path, or undefined. */
export function valueAt(root: unknown, path: string): unknown {
  let at: unknown = root
  for (const key of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string, unknown>)[key]
  }
  return at
}

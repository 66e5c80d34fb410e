import type { SettingPath, SettingValues } from './settings.ts'

/** What `hanse start` takes as options; what is absent was not given. */
export interface StartFlags {
  readonly http?: { readonly host: string; readonly port: number }
  readonly listen?: readonly string[]
  readonly announce?: readonly string[]
  readonly bootstrap?: readonly string[]
  readonly network?: 'off' | 'private' | 'public'
  readonly mdns?: boolean
  readonly shareUpstreams?: boolean
}

/** The option of `hanse start` that stands for a setting, for the settings that have one. */
export const FLAG_OF_SETTING: Readonly<Partial<Record<SettingPath, string>>> = {
  'http.host': '--http',
  'http.port': '--http',
  'network.listen': '--listen',
  'network.announce': '--announce',
  'network.bootstrap': '--bootstrap',
  'network.mode': '--network',
  'network.mdns': '--mdns',
  'share.upstreams': '--share-upstreams',
}

/** The settings that flags stand for. */
export function settingValuesOf(flags: StartFlags): SettingValues {
  const { http, listen, announce, bootstrap, network, mdns, shareUpstreams } = flags
  const values: Partial<Record<SettingPath, unknown>> = {
    'http.host': http?.host,
    'http.port': http?.port,
    'network.listen': listen,
    'network.announce': announce,
    'network.bootstrap': bootstrap,
    'network.mode': network,
    'network.mdns': mdns,
    'share.upstreams': shareUpstreams,
  }
  return values
}

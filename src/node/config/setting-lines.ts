import type { LoadedConfig, Origin } from './load-config.ts'
import type { RouteSetting } from './schema.ts'
import { valueAt } from './settings.ts'

/** One line of `hanse config list`. */
export interface SettingLine {
  readonly key: string
  readonly value: unknown
  readonly origin: Origin
  /** The option of `hanse start`, the variable or the file. */
  readonly name?: string
}

/** Every setting with its value and where it came from; `routes` are those that count now, which commands write into `file`. */
export function settingLinesOf(
  { config, origins }: LoadedConfig,
  { routes, file }: { readonly routes: readonly RouteSetting[]; readonly file: string },
): SettingLine[] {
  return [...origins].map(([key, origin]) => {
    if (key !== 'routes' || routes === config.routes) return { key, value: valueAt(config, key) ?? null, ...origin }
    return { key, value: routes, origin: 'file', name: file }
  })
}

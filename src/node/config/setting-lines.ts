import type { LoadedConfig, Origin } from './load-config.ts'
import { valueAt } from './settings.ts'

/** One line of `hanse config list`. */
export interface SettingLine {
  readonly key: string
  readonly value: unknown
  readonly origin: Origin
  /** The flag's path, the variable or the file. */
  readonly name?: string
}

/** Every setting with its value and where it came from. */
export function settingLinesOf({ config, origins }: LoadedConfig): SettingLine[] {
  return [...origins].map(([key, origin]) => ({ key, value: valueAt(config, key) ?? null, ...origin }))
}

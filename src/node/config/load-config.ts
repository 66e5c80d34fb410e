import type { z } from 'zod'
import { NodeError } from '../errors.ts'
import { configPathOf, readConfigDocument } from './config-file.ts'
import { type Config, configSchema } from './schema.ts'
import { parseVariables, SETTING_PATHS, type SettingPath, type SettingValues, valueAt, variableOf } from './settings.ts'
import { FLAG_OF_SETTING } from './start-flags.ts'

export type Origin = 'flag' | 'environment' | 'file' | 'default'

/** Where a setting's value came from; `name` is the option of `hanse start`, the variable or the file. */
export interface SettingOrigin {
  readonly origin: Origin
  readonly name?: string
}

export interface LoadedConfig {
  readonly config: Config
  /** One entry for every setting, and one each for `routes` and `upstreams`. */
  readonly origins: ReadonlyMap<string, SettingOrigin>
}

export interface ConfigSources {
  readonly home: string
  readonly flags?: SettingValues
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** Reads and checks a home's settings: flag > `HANSE_*` > file > default; throws `E_CONFIG` with the key's path. */
export async function loadConfig({ home, flags = {}, env = {} }: ConfigSources): Promise<LoadedConfig> {
  const file = await readConfigFile(home)
  const variables = parseVariables(env)
  const origins = new Map<string, SettingOrigin>()
  const merged = structuredClone(file)
  for (const path of SETTING_PATHS) {
    const given = flags[path] ?? variables[path]
    if (given !== undefined) setAt(merged, path, given)
    origins.set(path, originOf(path, home, { flags, variables, file }))
  }
  for (const path of ['routes', 'upstreams']) {
    origins.set(path, path in file ? { origin: 'file', name: configPathOf(home) } : { origin: 'default' })
  }
  return { config: parseConfig(merged, 'the flags or HANSE_* variables'), origins }
}

/** Checks one plain value against the schema; throws `E_CONFIG` whose message starts with the path of the key. */
export function parseConfig(value: unknown, where: string): Config {
  const result = configSchema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new NodeError('E_CONFIG', issue ? messageOf(issue) : `${where}: not a configuration`, {
    hint: `correct it in ${where}`,
  })
}

async function readConfigFile(home: string): Promise<Record<string, unknown>> {
  const document = await readConfigDocument(home)
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 0 }) ?? {}
  } catch (cause) {
    throw new NodeError('E_CONFIG', `${configPathOf(home)}: aliases are not used here`, {
      cause,
      hint: `write the value itself in ${configPathOf(home)}`,
    })
  }
  parseConfig(value, configPathOf(home))
  return value as Record<string, unknown>
}

function messageOf(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') return `${[...path, issue.keys[0]].join('.')}: unknown key`
  return `${path.join('.') || 'config'}: ${issue.message}`
}

interface Layers {
  readonly flags: SettingValues
  readonly variables: SettingValues
  readonly file: Record<string, unknown>
}

function originOf(path: SettingPath, home: string, { flags, variables, file }: Layers): SettingOrigin {
  if (flags[path] !== undefined) return { origin: 'flag', name: FLAG_OF_SETTING[path] ?? path }
  if (variables[path] !== undefined) return { origin: 'environment', name: variableOf(path) }
  if (valueAt(file, path) !== undefined) return { origin: 'file', name: configPathOf(home) }
  return { origin: 'default' }
}

/** Every part of `path` is from SETTING_PATHS, never from outside. */
function setAt(root: Record<string, unknown>, path: SettingPath, value: unknown): void {
  const [head = '', tail] = path.split('.')
  if (tail === undefined) root[head] = value
  else root[head] = { ...(root[head] as Record<string, unknown> | undefined), [tail]: value }
}

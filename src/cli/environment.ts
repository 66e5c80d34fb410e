import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** What the CLI takes from its surroundings; the only file that reads the environment. */
export interface Environment {
  readonly home?: string
  readonly node?: string
  readonly token?: string
  /** Every `HANSE_*` variable, for the node's own settings. */
  readonly settings: Readonly<Record<string, string>>
  /** The whole environment, for child processes only. */
  readonly inherited: NodeJS.ProcessEnv
}

/** Reads the process environment once. */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const settings: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith('HANSE_') && value !== undefined && value !== '') settings[name] = value
  }
  return {
    ...(settings.HANSE_HOME ? { home: settings.HANSE_HOME } : {}),
    ...(settings.HANSE_NODE ? { node: settings.HANSE_NODE } : {}),
    ...(settings.HANSE_TOKEN ? { token: settings.HANSE_TOKEN } : {}),
    settings,
    inherited: env,
  }
}

/** The node's home: flag, then `HANSE_HOME`, then `~/.hanse`; absolute. */
export function homeOf(flag: string | undefined, environment: Environment): string {
  return resolve(flag ?? environment.home ?? join(homedir(), '.hanse'))
}

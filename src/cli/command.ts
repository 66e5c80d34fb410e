import type { ApiClient } from './api-client.ts'
import type { Environment } from './environment.ts'
import type { View } from './view.ts'

/** Values of a command's arguments and options, as commander hands them over. */
export interface Input {
  /** Positional arguments; a variadic one is the rest. */
  readonly args: readonly string[]
  readonly options: Readonly<Record<string, string | boolean | string[] | undefined>>
}

/** What a command may use of its surroundings. */
export interface Context {
  readonly home: string
  readonly json: boolean
  readonly environment: Environment
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal
  /** The running node: `--node`, else the one that runs on `home`; throws `E_NO_NODE`. */
  node(): Promise<ApiClient>
  /** Prints one line of progress to people; nothing with `--json` or without a terminal. */
  progress(line: string): void
  /** Shows one line to people that takes the place of the last, null takes it away; absent with `--json` or without a terminal. */
  readonly live?: (line: string | null) => void
  /** Prints a document or text before the command ends, such as the ready line of `start`. */
  print(data: unknown, view: View): void
}

/** What a command found; `failed` makes a complete answer exit 1. */
export interface Outcome {
  readonly data: unknown
  readonly failed?: boolean
  /** A complete answer that says no: exit 5. */
  readonly refused?: boolean
}

export interface OptionSpec {
  /** commander's notation: `--limit <n>`. */
  readonly flags: string
  readonly text: string
  /** May be given several times. */
  readonly repeat?: boolean
  readonly choices?: readonly string[]
}

export interface ArgumentSpec {
  /** commander's notation: `<purl>`, `[pattern...]`. */
  readonly name: string
  readonly text: string
  readonly choices?: readonly string[]
}

/** One command: describes itself, makes one call, returns data; printing is elsewhere. */
export interface Command {
  readonly name: string
  readonly summary: string
  /** Whole command lines for `--help`, the plainest first. */
  readonly examples: readonly string[]
  readonly args?: readonly ArgumentSpec[]
  readonly options?: readonly OptionSpec[]
  /** Works on this machine itself, so takes no `--node`. */
  readonly local?: boolean
  /** Returns null when everything was printed already. */
  run(input: Input, context: Context): Promise<Outcome | null>
  /** How people see the data. */
  view(data: never): View
}

/** A noun with verbs below it: `hanse peer list`. */
export interface CommandGroup {
  readonly name: string
  readonly summary: string
  readonly commands: readonly Command[]
}

/** The text of an option, or undefined. */
export function textOf(input: Input, name: string): string | undefined {
  const value = input.options[name]
  return typeof value === 'string' ? value : undefined
}

/** All values of a repeated option. */
export function listOf(input: Input, name: string): readonly string[] {
  const value = input.options[name]
  return Array.isArray(value) ? value : []
}

import { Argument, Command as Commander, CommanderError, Option } from 'commander'
import { ApiClient } from './api-client.ts'
import type { ArgumentSpec, Command, CommandGroup, Context, Input, OptionSpec } from './command.ts'
import { COMMAND_SECTIONS, COMMANDS } from './commands/index.ts'
import { type Environment, homeOf } from './environment.ts'
import { CliError } from './errors.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { Output, type Streams } from './output.ts'
import { findRunFile } from './run-file.ts'
import { shellWordOf } from './shell-word.ts'
import { VERSION } from './version.ts'

interface GlobalOptions {
  readonly json?: boolean
  readonly home?: string
  readonly node?: string
  readonly token?: string
}

/** Parses the arguments, runs one command, prints what it returned; resolves with the exit code. */
export async function runCli(
  argv: readonly string[],
  environment: Environment,
  signal: AbortSignal,
  streams?: Streams,
): Promise<ExitCode> {
  const output = new Output(flagsOf(argv).includes('--json'), streams)
  let exitCode: ExitCode = EXIT.ok
  const program = programOf(async (command, input, globals) => {
    const outcome = await command.run(input, contextOf(command, globals, { environment, signal, output }))
    if (outcome === null) return
    output.result(outcome.data, command.view(outcome.data as never))
    if (outcome.failed) exitCode = EXIT.failed
    if (outcome.refused) exitCode = EXIT.refused
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) return output.error(signal.aborted ? interruptedBy(error) : error)
    if (error.exitCode === 0) return EXIT.ok
    const hint = helpLineFor(argv)
    if (error.code === 'commander.help') return output.error(new CliError('E_USAGE', 'a command is missing', { hint }))
    return output.error(new CliError('E_USAGE', error.message.replace(/^error: /, '').replaceAll('\n', ' '), { hint }))
  }
}

/** What follows `--` is words, whatever they look like. */
function flagsOf(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--')
  return end < 0 ? argv : argv.slice(0, end)
}

/** The help of what was meant: a command, a group, or the whole. */
function helpLineFor(argv: readonly string[]): string {
  const names = COMMANDS.map(({ name }) => name)
  const at = argv.findIndex(word => names.includes(word))
  const entry = COMMANDS.find(({ name }) => name === argv[at])
  if (entry === undefined) return 'hanse --help'
  const verb = 'commands' in entry ? entry.commands.find(({ name }) => argv.indexOf(name, at) > at) : undefined
  return ['hanse', entry.name, ...(verb === undefined ? [] : [verb.name]), '--help'].join(' ')
}

/** Runs one parsed command. */
export type Run = (command: Command, input: Input, globals: GlobalOptions) => Promise<void>

/** The command line as commander knows it; `run` is called with what was parsed. */
export function programOf(run: Run): Commander {
  const program = new Commander('hanse')
    .description('A federated peer-to-peer marketplace node for software packages.')
    .version(VERSION)
    .option('--json', 'one JSON document on stdout')
    .option('--home <dir>', 'the home of the node (HANSE_HOME, default ~/.hanse)')
    .option('--node <url>', 'a node elsewhere (HANSE_NODE)')
    .option('--token <token>', 'the token of that node (HANSE_TOKEN)')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', MORE_HELP)
    .exitOverride()
    // Errors are printed in one place, with their code; help that was not asked for is an error too.
    .configureOutput({ writeErr: () => {}, outputError: () => {} })
  for (const [title, entries] of COMMAND_SECTIONS) {
    program.commandsGroup(`${title}:`)
    for (const entry of entries) addEntry(program, entry, run)
  }
  // Listed in the last section.
  return program.helpCommand(true)
}

function addEntry(program: Commander, entry: Command | CommandGroup, run: Run): void {
  if (!('commands' in entry)) {
    addCommand(program, entry, run)
    return
  }
  const group = program.command(entry.name).description(entry.summary)
  for (const command of entry.commands) addCommand(group, command, run)
  group.addHelpText('after', examplesText(entry.commands.flatMap(({ examples }) => examples.slice(0, 1))))
}

function addCommand(parent: Commander, command: Command, run: Run): void {
  const made = parent.command(command.name).description(command.summary)
  for (const argument of command.args ?? []) made.addArgument(argumentOf(argument))
  for (const option of command.options ?? []) made.addOption(optionOf(option))
  made.addHelpText('after', examplesText(command.examples))
  made.action(async () => {
    const globals: Record<string, unknown> = made.optsWithGlobals()
    const empty = emptyWordOf(command, made.args, globals)
    if (empty !== null) made.error(`${empty} is empty`)
    await run(command, { args: made.args, options: made.opts() }, globals)
  })
}

/** What was given as an empty word, or null: such a word is a shell variable that was not set, and nothing here means something by it. */
function emptyWordOf(
  { args: specs = [] }: Command,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): string | null {
  const isEmpty = (value: unknown): boolean => (Array.isArray(value) ? value.some(isEmpty) : value === '')
  const option = Object.keys(options).find(name => isEmpty(options[name]))
  if (option !== undefined) return `--${option}`
  const at = args.findIndex(word => word.trim() === '')
  return at < 0 ? null : (specs[Math.min(at, specs.length - 1)]?.name ?? null)
}

const examplesText = (examples: readonly string[]) => `\nExamples:\n${examples.map(line => `  ${line}`).join('\n')}`

/** What a newcomer and a script look for below the list of commands. */
const MORE_HELP = `
Examples:
  hanse demo                                  three nodes on this machine, real packages, a minute
  hanse start                                 run a node; the other commands talk to it
  hanse search 'words of a description'
  hanse install npm:@acme/x --to ./vendor
  hanse COMMAND --help                        explains one command, with examples

Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 not authorised, 5 refused by policy or verification,
6 network or no node, 130 interrupted.`

function argumentOf({ name, text, choices }: ArgumentSpec): Argument {
  const argument = new Argument(name, text)
  return choices ? argument.choices(choices) : argument
}

function optionOf({ flags, text, repeat, choices }: OptionSpec): Option {
  const option = new Option(flags, text)
  if (choices) option.choices(choices)
  if (repeat) option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value])
  return option
}

interface Surroundings {
  readonly environment: Environment
  readonly signal: AbortSignal
  readonly output: Output
}

function contextOf(command: Command, globals: GlobalOptions, { environment, signal, output }: Surroundings): Context {
  const home = homeOf(globals.home, environment)
  if (command.local && globals.node !== undefined) {
    throw new CliError('E_USAGE', `${command.name} works on this machine and takes no --node`, {
      hint: 'leave --node out; --home DIR selects the home',
    })
  }
  return {
    home,
    json: globals.json === true,
    environment,
    signal,
    node: () => nodeOf(globals, home, environment, signal),
    progress: line => output.progress(line),
    ...(output.isWatched ? { live: (line: string | null) => output.live(line) } : {}),
    print: (data, view) => output.result(data, view),
  }
}

/** A `--home` on the command line wins over a `HANSE_NODE` in the environment. */
async function nodeOf(
  globals: GlobalOptions,
  home: string,
  environment: Environment,
  signal: AbortSignal,
): Promise<ApiClient> {
  const url = globals.node ?? (globals.home === undefined ? environment.node : undefined)
  if (url !== undefined) return new ApiClient(url, globals.token ?? environment.token, signal)
  const run = await findRunFile(home)
  if (!run) throw new CliError('E_NO_NODE', `no node runs on ${home}`, { hint: startLineOf(globals.home) })
  return new ApiClient(run.url, globals.token ?? run.token, signal)
}

/** The command that starts the node which was asked for. */
function startLineOf(home: string | undefined): string {
  return home === undefined ? 'hanse start' : `hanse start --home ${shellWordOf(home)}`
}

function interruptedBy(cause: unknown): CliError {
  return new CliError('E_INTERRUPTED', 'interrupted', { cause })
}

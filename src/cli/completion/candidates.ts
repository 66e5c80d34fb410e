import type { Command, CommandGroup, OptionSpec } from '../command.ts'

/** What may follow on a command line: words that are known, and whether names of packages may follow too. */
export interface Candidates {
  readonly words: readonly string[]
  readonly packages: boolean
}

/** Options that every command takes; the ones with `<…>` are followed by a value. */
const GLOBAL_FLAGS = ['--json', '--home <dir>', '--node <url>', '--token <token>', '--help']
/** What `hanse search` takes beside words. */
const SEARCH_WORDS = [
  'type:',
  'license:',
  'publisher:',
  'keyword:',
  'is:allowed',
  'is:mirrored',
  'is:followed',
  'is:own',
]
/** Values that an option takes wherever it occurs. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  '--is': ['allowed', 'mirrored', 'followed', 'own'],
  '--type': ['npm', 'pypi', 'cargo', 'maven', 'golang', 'oci', 'generic'],
}
const NOTHING: Candidates = { words: [], packages: false }

/** What may stand in the place of `current`, after `before`, the words between `hanse` and it. */
export function candidatesOf(
  entries: readonly (Command | CommandGroup)[],
  before: readonly string[],
  current: string,
): Candidates {
  const place = placeOf(entries, before)
  const { command, group, option, args } = place
  const begun = (words: readonly string[]) => words.filter(word => word.startsWith(current))
  if (option !== null) return { words: begun(option.choices ?? VALUES[nameOf(option.flags)] ?? []), packages: false }
  if (current.startsWith('-')) return { words: begun(flagsOf(command)), packages: false }
  if (group !== null && command === null)
    return { words: begun(group.commands.map(({ name }) => name)), packages: false }
  if (command === null) return { words: begun(entries.map(({ name }) => name)), packages: false }
  return argumentOf(command, args, begun)
}

interface Place {
  readonly group: CommandGroup | null
  readonly command: Command | null
  /** The option whose value comes next. */
  readonly option: OptionSpec | null
  /** Positional words of the command so far. */
  readonly args: number
}

function placeOf(entries: readonly (Command | CommandGroup)[], before: readonly string[]): Place {
  let place: Place = { group: null, command: null, option: null, args: 0 }
  for (const word of before) {
    if (place.option !== null) place = { ...place, option: null }
    else if (word.startsWith('-'))
      place = { ...place, option: word.includes('=') ? null : valuedOption(place.command, word) }
    else if (place.command !== null) place = { ...place, args: place.args + 1 }
    else place = { ...place, ...named(place.group?.commands ?? entries, word) }
  }
  return place
}

function named(entries: readonly (Command | CommandGroup)[], word: string): Partial<Place> {
  const entry = entries.find(({ name }) => name === word)
  if (entry === undefined) return {}
  return 'commands' in entry ? { group: entry } : { command: entry }
}

/** The option that this is, if a value follows it. */
function valuedOption(command: Command | null, word: string): OptionSpec | null {
  const options = [...(command?.options ?? []), ...GLOBAL_FLAGS.map(flags => ({ flags, text: '' }))]
  return options.find(({ flags }) => flags.includes('<') && nameOf(flags) === word) ?? null
}

const nameOf = (flags: string): string => /--[\w-]+/.exec(flags)?.[0] ?? flags

const flagsOf = (command: Command | null): string[] =>
  [...(command?.options ?? []).map(({ flags }) => flags), ...GLOBAL_FLAGS].map(nameOf)

function argumentOf(command: Command, at: number, begun: (words: readonly string[]) => string[]): Candidates {
  const specs = command.args ?? []
  const spec = specs[Math.min(at, specs.length - 1)]
  if (spec === undefined || (at >= specs.length && !spec.name.includes('...'))) return NOTHING
  if (command.name === 'search') return { words: begun(SEARCH_WORDS), packages: true }
  return { words: begun(spec.choices ?? []), packages: /^[<[]purl[>\]]$/.test(spec.name) }
}

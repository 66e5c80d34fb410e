import { type Command, type CommandGroup, textOf } from '../command.ts'
import { candidatesOf } from '../completion/candidates.ts'
import { knownNames } from '../completion/known-names.ts'
import { COMPLETION_SCRIPTS, SHELLS, type Shell } from '../completion/scripts.ts'
import { linesOf } from '../view.ts'

/** Where a shell reads a line at its start. */
const INSTALLED_BY: Readonly<Record<Shell, string>> = {
  bash: `echo 'eval "$(hanse completion bash)"' >>~/.bashrc`,
  zsh: `echo 'eval "$(hanse completion zsh)"' >>~/.zshrc`,
  fish: 'hanse completion fish >~/.config/fish/completions/hanse.fish',
}

const scriptCommandOf = (shell: Shell): Command => ({
  name: shell,
  summary: `print the completion script of ${shell}`,
  examples: [`hanse completion ${shell}`],
  local: true,
  async run() {
    return { data: { shell, install: INSTALLED_BY[shell], script: COMPLETION_SCRIPTS[shell] } }
  },
  view: ({ script }: { script: string }) => linesOf(...script.split('\n')),
})

/** `hanse completion words`: what the scripts ask at each Tab; names come from the node, and silently none when it is down. */
const wordsCommand: Command = {
  name: 'words',
  summary: 'what may come next on a command line, one a line (the scripts ask it)',
  examples: ['hanse completion words --current=npm:@ac -- install', 'hanse completion words -- peer'],
  args: [{ name: '[word...]', text: 'the words between hanse and the one that is being typed' }],
  options: [{ flags: '--current <word>', text: 'what is typed of it' }],
  async run(input, context) {
    const current = textOf(input, 'current') ?? ''
    const { COMMANDS } = await import('./index.ts')
    const { words, packages } = candidatesOf(COMMANDS, input.args, current)
    return { data: { words: [...words, ...(packages ? await knownNames(context, input.args, current) : [])] } }
  },
  view: ({ words }: { words: readonly string[] }) => linesOf(...words),
}

export const completionGroup: CommandGroup = {
  name: 'completion',
  summary: 'let Tab complete commands, flags and names of packages',
  commands: [...SHELLS.map(scriptCommandOf), wordsCommand],
}

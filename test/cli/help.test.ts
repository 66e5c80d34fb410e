import { describe, expect, test } from 'vitest'
import type { Command } from '../../src/cli/command.ts'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { programOf } from '../../src/cli/run-cli.ts'

const commands = COMMANDS.flatMap(entry =>
  'commands' in entry
    ? entry.commands.map(command => [`${entry.name} ${command.name}`, command] as const)
    : [[entry.name, entry] as const],
)

/** The words of a line as a shell would take it apart, as far as the examples go: no variables, no nesting. */
function wordsOf(line: string): string[] {
  const [left = '', right] = line.split(' | ')
  const ownPart = (right ?? left).split(' < ')[0] ?? ''
  return [...ownPart.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
}

/** What `hanse --help` or `hanse COMMAND --help` prints. */
async function helpOf(words: readonly string[]): Promise<string> {
  const program = programOf(async () => {})
  const written: string[] = []
  for (const each of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
    each.exitOverride().configureOutput({ writeOut: part => void written.push(part) })
  await expect(program.parseAsync([...words, '--help'], { from: 'user' })).rejects.toMatchObject({ exitCode: 0 })
  return written.join('')
}

describe.each(commands)('hanse %s', (name, command: Command) => {
  test('shows examples, each of which this command takes', async () => {
    const help = await helpOf(name.split(' '))
    expect(command.examples.length).toBeGreaterThan(0)
    for (const example of command.examples) {
      expect(help).toContain(`  ${example}\n`)
      const [program, ...words] = wordsOf(example)
      expect([program, words.slice(0, name.split(' ').length).join(' ')]).toEqual(['hanse', name])
      const taken: Command[] = []
      await programOf(async found => void taken.push(found)).parseAsync(words, { from: 'user' })
      expect(taken).toEqual([command])
    }
  })
})

test('the first help has examples and the exit codes', async () => {
  const help = await helpOf([])
  expect(help).toMatch(/Run a node:\n {2}init .*\n {2}start /)
  expect(help.match(/^Commands:/m)).toBeNull()
  expect(help).toMatch(/Examples:\n {2}hanse demo/)
  expect(help).toContain('6 network or no node')
})

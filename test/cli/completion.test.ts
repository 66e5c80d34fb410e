import { expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { candidatesOf } from '../../src/cli/completion/candidates.ts'
import { COMPLETION_SCRIPTS } from '../../src/cli/completion/scripts.ts'
import { runHanse } from './run-hanse.ts'

/** What may come in the place of the last word. */
function after(line: string) {
  const words = line.split(' ')
  return candidatesOf(COMMANDS, words.slice(0, -1), words.at(-1) ?? '')
}

test.each([
  ['sea', ['search']],
  ['', COMMANDS.map(({ name }) => name)],
  ['peer ', ['list', 'add', 'remove']],
  ['peer a', ['add']],
  ['--home /x --json pe', ['peer']],
  ['search --ty', ['--type']],
  ['search rope --n', ['--not', '--node']],
  ['search --is m', ['mirrored']],
  ['search --type py', ['pypi']],
  ['init co', ['company']],
  ['init company ', []],
  ['nothing-like-it ', COMMANDS.map(({ name }) => name)],
])('after %j come the words that fit', (line, words) => {
  expect(after(line)).toEqual({ words, packages: false })
})

test.each([
  ['install npm:@ac', true],
  ['info ', true],
  ['why --json np', true],
  ['search ro', true],
  ['search rope wal', true],
  ['install npm:x ', false],
  ['install --publisher ac', false],
  ['search --limit 1', false],
  ['publish ./f', false],
])('whether names of packages come after %j', (line, packages) => {
  expect(after(line).packages).toBe(packages)
})

test('a node that is down is silence', async () => {
  for (const words of [['install'], ['--node', 'http://127.0.0.1:9', 'why'], ['--node', 'nonsense', 'info']])
    expect(await runHanse(['completion', 'words', '--current=ro', '--', ...words])).toEqual({
      code: 0,
      out: '',
      err: '',
    })
})

test('the words that are typed are no flags of completion itself', async () => {
  const { out } = await runHanse(['completion', 'words', '--current=--lim', '--', 'search', '--json', '--home'])
  expect(out).toBe('')
  expect((await runHanse(['completion', 'words', '--current=--lim', '--', 'search', '--json'])).out).toBe('--limit\n')
})

test('each shell’s script is printed as it is', async () => {
  for (const [shell, script] of Object.entries(COMPLETION_SCRIPTS))
    expect((await runHanse(['completion', shell])).out).toBe(`${script}\n`)
})

import { spawnSync } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProcess } from '../run-process.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { NodeProcess } from './hanse-process.ts'
import { npmFolder } from './npm-package.ts'

const CLI = join(import.meta.dirname, '../../dist/hanse.js')
/** Whether this machine has a shell, and `script`, which gives it a terminal. */
const has = (...programs: readonly string[]) =>
  programs.every(program => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0)

let node: NodeProcess
let env: NodeJS.ProcessEnv
beforeAll(async () => {
  node = await NodeProcess.start(['--network', 'off'])
  const folder = await temporaryFolder()
  for (const name of ['@acme/hull', '@acme/hulk', 'rope']) {
    const path = join(folder, name.replace('/', ' '))
    await npmFolder(path, { name, version: '1.0.0', description: 'of a ship' })
    await node.run('publish', path)
  }
  await writeFile(join(folder, 'hanse'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`)
  await chmod(join(folder, 'hanse'), 0o755)
  env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder, HANSE_HOME: node.home, TERM: 'dumb', PS1: '' }
})
afterAll(() => node[Symbol.asyncDispose]())

/** What the shell made of each line that was typed at its terminal: it runs `hanse` as a function that prints its words. */
async function typed(shell: string, setUp: string, lines: readonly string[]): Promise<string[]> {
  const input = [`${setUp}; hanse() { printf '<%s>' "$@"; echo; }`, ...lines, 'exit', ''].join('\n')
  const { out } = await runProcess('script', ['-qec', shell, '/dev/null'], { env, input })
  return [...out.matchAll(/(?:<[^<>%]+>)+(?=\r)/g)].map(([words]) => words)
}

const LINES = [
  'hanse install npm:@acme/hulk\t',
  'hanse install npm:@acme/hul\tl',
  'hanse info npm:ro\t',
  'hanse peer l\t',
  'hanse sea\t --ty\tnpm keyw\tcli',
]
const COMPLETED = [
  '<install><npm:@acme/hulk>',
  '<install><npm:@acme/hull>',
  '<info><npm:rope>',
  '<peer><list>',
  '<search><--type><npm><keyword:cli>',
]

describe('Tab', () => {
  it.skipIf(!has('bash', 'script'))(
    'completes commands, flags and names in bash, which breaks words at : and @',
    async () => {
      const bash = 'bash --norc --noprofile -i'
      const setUp = 'eval "$(hanse completion bash)"'
      expect(await typed(bash, setUp, LINES)).toEqual(COMPLETED)
      const quoted = ["hanse install 'npm:@acme/hull\t", 'hanse search @acme/hull\t']
      expect(await typed(bash, setUp, quoted)).toEqual(['<install><npm:@acme/hull>', '<search><npm:@acme/hull>'])
      expect(await typed(bash, `${setUp}; COMP_WORDBREAKS=' '`, LINES)).toEqual(COMPLETED)
    },
  )

  it.skipIf(!has('zsh', 'script'))('completes them in zsh', async () => {
    const setUp = 'autoload -U compinit; compinit -u -D; eval "$(hanse completion zsh)"'
    expect(await typed('zsh -f -i', setUp, LINES)).toEqual(COMPLETED)
  })

  it.skipIf(!has('fish'))('completes them in fish', async () => {
    const of = async (line: string) => {
      const { out } = await runProcess('fish', ['-c', `hanse completion fish | source; complete -C '${line}'`], { env })
      return out.split('\n')
    }
    expect(await of('hanse install npm:@ac')).toEqual(expect.arrayContaining(['npm:@acme/hulk', 'npm:@acme/hull']))
    expect(await of('hanse pee')).toContain('peer')
    expect(await of('hanse search --ty')).toContain('--type')
  })
})

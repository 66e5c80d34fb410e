import { constants } from 'node:fs'
import { access, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { eventually, hanse, NodeProcess } from './hanse-process.ts'
import { npmFolder } from './npm-package.ts'

const ROOT = join(import.meta.dirname, '../..')
const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
const folder = await mkdtemp(join(tmpdir(), 'hanse-readme-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const shellBlocks = [...readme.matchAll(/```sh\n(.*?)```/gs)].map(match => match[1] ?? '')

/** The words of each `./scripts/hanse` line of a block, comments and quotes taken away. */
function commandsIn(block: string): string[][] {
  const lines = block.split('\n').filter(line => line.startsWith('./scripts/hanse '))
  return lines.map(line => {
    const words = line.replace(/\s+#.*$/, '').match(/'[^']*'|\S+/g) ?? []
    return words.slice(1).map(word => word.replace(/^'(.*)'$/, '$1'))
  })
}

const hasHits = ({ hits }: Record<string, unknown>) => Array.isArray(hits) && hits.length > 0

describe('the README', () => {
  it('shows a quick start that does what it says, typed as it stands', async () => {
    const [, block = ''] = shellBlocks
    const [here = '', elsewhere = ''] = block.split('# elsewhere')
    expect([commandsIn(here).length, commandsIn(elsewhere).length]).toEqual([2, 4])
    await using publisher = await NodeProcess.start()
    await using other = await NodeProcess.start()
    await npmFolder(join(folder, 'my-package'), {
      name: '@acme/thing',
      version: '1.0.0',
      description: 'a word of its description',
    })
    const standIns = new Map([
      ['./my-package', join(folder, 'my-package')],
      ['./vendor', join(folder, 'vendor')],
      ['/ip4/…/tcp/…/p2p/12D3…', publisher.address],
      ['bafy…', publisher.ready.publisher],
    ])
    const typed = (words: readonly string[]) => words.map(word => standIns.get(word) ?? word)
    for (const words of commandsIn(here)) await publisher.run(...typed(words))
    for (const words of commandsIn(elsewhere)) {
      // Records arrive a moment after the publisher was allowed.
      const hasAnswered = words[0] === 'search' ? hasHits : () => true
      expect(await eventually(() => other.run(...typed(words)), hasAnswered)).toBeTruthy()
    }
    await access(join(folder, 'vendor', 'thing-1.0.0.tgz'))
  }, 60_000)

  it('names only commands, scripts and files that there are', async () => {
    const help = (await hanse(['--help'])).stdout
    const commands = new Set([...help.matchAll(/^ {2}([a-z]+)/gm)].map(match => match[1]))
    const named = [...readme.matchAll(/`(?:\.\/scripts\/)?hanse ([a-z]+)/g)].map(match => match[1])
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter(name => !commands.has(name))).toEqual([])
    for (const [, script = ''] of readme.matchAll(/(\.\/scripts\/[a-z/-]+)/g))
      await access(join(ROOT, script), constants.X_OK)
    for (const [, path = ''] of readme.matchAll(/\]\(([a-z][^)#:]*)\)/g)) await access(join(ROOT, path))
    for (const [, path = ''] of readme.matchAll(/`((?:src|test|scripts)\/[\w./-]+)`/g)) await access(join(ROOT, path))
  })
})

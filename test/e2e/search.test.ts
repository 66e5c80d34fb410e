import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { affected, osv } from '../protocol/advisory/osv-samples.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { errorOf, eventually, hanse, NodeProcess } from './hanse-process.ts'
import { NpmClient } from './npm-client.ts'
import { npmFolder, npmTarball } from './npm-package.ts'
import { fishCompletions, hasPrograms, typed, typingEnvironment } from './typed-lines.ts'

interface Hit {
  readonly purl: string
  readonly source: string
  readonly relation: string
  readonly license: string
  readonly keywords: readonly string[]
  readonly verdict: { readonly decision: string; readonly rule: string | null; readonly hint?: string }
}
type Answer = { readonly hits: readonly Hit[]; readonly hidden: number; readonly notes: readonly string[] }

let harbour: NodeProcess
let office: NodeProcess
let advisory: string
beforeAll(async () => {
  harbour = await NodeProcess.start()
  office = await NodeProcess.start(['--bootstrap', harbour.address])
  const folder = await temporaryFolder()
  const packages = [
    { name: '@port/sextant', description: 'tells the height of a star', license: 'MIT', keywords: ['cli', 'star'] },
    { name: 'starfinder', description: 'finds each star by its height', license: 'GPL-3.0-only', keywords: ['cli'] },
  ]
  for (const manifest of packages) {
    const path = join(folder, manifest.name.replace('/', ' '))
    await npmFolder(path, { version: '1.0.0', ...manifest })
    await harbour.run('publish', path, '--public')
  }
  advisory = join(folder, 'MAL-2026-7.json')
  await writeFile(
    advisory,
    JSON.stringify(osv({ id: 'MAL-2026-7', affected: [affected('starfinder', [{ introduced: '0' }])] })),
  )
  await eventually(
    () => search(office, 'star'),
    found => found.hits.length === 2,
  )
})
afterAll(async () => {
  await office[Symbol.asyncDispose]()
  await harbour[Symbol.asyncDispose]()
})

const search = async (node: NodeProcess, ...words: readonly string[]) =>
  (await node.run('search', ...words)) as unknown as Answer
const purlsOf = ({ hits }: Answer) => hits.map(({ purl }) => purl).sort()

const SEXTANT = 'pkg:npm/%40port/sextant'
const FINDER = 'pkg:npm/starfinder'

describe('hanse search', () => {
  it.each([
    [['star keyword:cli license:MIT'], [SEXTANT]],
    [['star', '--keyword', 'cli', '--license', 'gpl-3.0'], [FINDER]],
    [['"height of" star'], [SEXTANT]],
    [['star', '--phrase', 'its height'], [FINDER]],
    [['star', '--not', 'each'], [SEXTANT]],
    [['star -each type:npm'], [SEXTANT]],
    [
      ['star', '--type', 'npm', '--type', 'pypi'],
      [SEXTANT, FINDER],
    ],
    [['star is:followed'], []],
    [['npm:starfinder'], [FINDER]],
  ])('%j finds the same at a peer and at home', async (words, found) => {
    const [at, home] = await Promise.all([search(office, ...words), search(harbour, '--local', ...words)])
    expect([purlsOf(at), purlsOf(home)]).toEqual([found.toSorted(), found.toSorted()])
    expect(at.hits.every(({ source }) => source === 'federated')).toBe(true)
  })

  it('refuses a search for nothing, lists what fits without words, and tells what it did not understand', async () => {
    expect(errorOf(await office.try('search'))).toEqual([2, 'E_USAGE'])
    expect(errorOf(await office.try('search', 'is:shiny'))).toEqual([2, 'E_USAGE'])
    expect(errorOf(await office.try('search', 'x', '--type', 'nmp'))).toEqual([2, 'E_USAGE'])
    expect(purlsOf(await search(harbour, '--is', 'own', '--keyword', 'cli'))).toEqual([SEXTANT, FINDER].sort())
    expect((await search(office, 'star is:shiny')).notes).toEqual([expect.stringContaining('is:shiny was left out')])
  })

  it('says who may be installed, and hides what the policy denies from people and from npm', async () => {
    const before = (await search(office, 'star')).hits.find(({ purl }) => purl === SEXTANT)
    expect(before).toMatchObject({
      relation: 'none',
      license: 'MIT',
      keywords: ['cli', 'star'],
      verdict: { rule: 'route' },
    })
    await office.run('allow', harbour.ready.publisher, 'npm:@port/*', 'npm:starfinder', '--as', 'port')
    await eventually(
      () => search(office, 'star is:allowed', '--local'),
      found => found.hits.length === 2,
    )
    await using npm = await NpmClient.open(`${office.ready.http}/npm/`)
    const npmFinds = async (words: string) =>
      (JSON.parse((await npm.run(npm.folder, 'search', words, '--json')).out) as { name: string }[])
        .map(({ name }) => name)
        .sort()
    expect(await npmFinds('star keywords:cli')).toEqual(['@port/sextant', 'starfinder'])
    await office.run('advisory', 'import', advisory)
    expect(await search(office, 'star')).toMatchObject({
      hits: [{ purl: SEXTANT, verdict: { decision: 'allow' } }],
      hidden: 1,
    })
    expect((await search(office, 'star', '--all')).hits.find(({ purl }) => purl === FINDER)?.verdict).toMatchObject({
      ...{ decision: 'deny', rule: 'malware' },
    })
    expect(await npmFinds('star keywords:cli')).toEqual(['@port/sextant'])
    const { stdout } = await hanse(['search', 'star', '--home', office.home])
    expect(stdout).toMatch(/^npm:@port\/sextant +1\.0\.0 +port \(allow\) +allow +tells the height of a star$/m)
    expect(stdout).toContain('1 hidden by policy; --all shows them')
  })
})

describe('Tab', () => {
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
  let env: NodeJS.ProcessEnv
  beforeAll(async () => {
    env = await typingEnvironment(harbour.home)
    for (const name of ['@acme/hull', '@acme/hulk', 'rope']) await publish(name, { description: 'of a ship' })
  })

  it.skipIf(!hasPrograms('bash', 'script'))(
    'completes commands, flags and names in bash, which breaks words at : and @',
    async () => {
      const bash = 'bash --norc --noprofile -i'
      const setUp = 'eval "$(hanse completion bash)"'
      expect(await typed(bash, env, [setUp, ...LINES])).toEqual(COMPLETED)
      const quoted = ["hanse install 'npm:@acme/hull\t", 'hanse search @acme/hull\t']
      expect(await typed(bash, env, [setUp, ...quoted])).toEqual([
        '<install><npm:@acme/hull>',
        '<search><npm:@acme/hull>',
      ])
      expect(await typed(bash, env, [`${setUp}; COMP_WORDBREAKS=' '`, ...LINES])).toEqual(COMPLETED)
    },
  )

  it.skipIf(!hasPrograms('zsh', 'script'))('completes them in zsh', async () => {
    const setUp = 'autoload -U compinit; compinit -u -D; eval "$(hanse completion zsh)"'
    expect(await typed('zsh -f -i', env, [setUp, ...LINES])).toEqual(COMPLETED)
  })

  it.skipIf(!hasPrograms('fish'))('completes them in fish', async () => {
    const names = await fishCompletions(env, 'hanse install npm:@ac')
    expect(names).toEqual(expect.arrayContaining(['npm:@acme/hulk', 'npm:@acme/hull']))
    expect(await fishCompletions(env, 'hanse pee')).toContain('peer')
    expect(await fishCompletions(env, 'hanse search --ty')).toContain('--type')
  })
})

describe('what is needed, and what is installed here through hanse and npm’s address,', () => {
  it('is found first, after a restart too', async () => {
    const found = async () => (await search(harbour, 'tightens sails', '--local')).hits.map(({ purl }) => purl)
    for (const name of ['winch', 'capstan']) await publish(name, { description: 'tightens sails' })
    await publish('deck', { description: 'a deck', dependencies: { capstan: '^1.0.0' } })
    expect(await useOf('npm:capstan')).toEqual({ dependents: 1, installs: 0 })
    expect(await found()).toEqual(['pkg:npm/capstan', 'pkg:npm/winch'])
    await harbour.run('install', 'npm:winch', '--to', join(await temporaryFolder(), 'winch'))
    const tarball = await fetch(`${harbour.ready.http}/npm/winch/-/winch-1.0.0.tgz`)
    expect([tarball.status, (await tarball.arrayBuffer()).byteLength > 0]).toEqual([200, true])
    await harbour.end('SIGTERM')
    await harbour.restart()
    expect(await useOf('npm:winch')).toEqual({ dependents: 0, installs: 2 })
    expect(await found()).toEqual(['pkg:npm/winch', 'pkg:npm/capstan'])
  })
})

/** Publishes at the harbour, for itself alone. */
async function publish(name: string, more: object): Promise<void> {
  await harbour.run('publish', (await npmTarball({ name, version: '1.0.0', ...more })).path)
}

/** What `hanse info` says of the use of a package. */
async function useOf(name: string): Promise<{ dependents: unknown; installs: unknown }> {
  const { publishers } = await harbour.run('info', name)
  const [{ dependents, installs } = {}] = publishers as Record<string, unknown>[]
  return { dependents, installs }
}

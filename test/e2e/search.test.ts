import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { affected, osv } from '../protocol/advisory/osv-samples.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { errorOf, eventually, hanse, NodeProcess } from './hanse-process.ts'
import { NpmClient } from './npm-client.ts'
import { npmFolder } from './npm-package.ts'

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
    const at = await search(office, ...words)
    expect(purlsOf(at)).toEqual(found.toSorted())
    expect(at.hits.every(({ source }) => source === 'federated')).toBe(true)
    expect(purlsOf(await search(harbour, '--local', ...words))).toEqual(found.toSorted())
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

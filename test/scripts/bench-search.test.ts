import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { expect, test } from 'vitest'
import { type ProcessRun, runProcess } from '../run-process.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const BENCH = join(import.meta.dirname, '../../scripts/bench/search.ts')
const WORDS = 'amber basin cedar delta ember fjord grove harbour island juniper'.split(' ')
const PACKAGES = WORDS.flatMap(first =>
  WORDS.map(second => ({ name: `${first}-${second}`, description: `${second} of ${first}` })),
)

const compressed = promisify(gzip)

interface Figures {
  readonly packages: number
  readonly ignoredFilterKeys: readonly string[]
  readonly engines: readonly {
    readonly engine: string
    readonly error: string | null
    readonly build: { readonly seconds: number; readonly diskBytes: number }
    readonly lookup: { readonly asked: number; readonly found: number }
    readonly classes: Record<string, { readonly queries: number; readonly p50: number; readonly mrr: number | null }>
    readonly odd: { readonly threw: object }
  }[]
  readonly ratios: Record<string, { readonly classes: Record<string, { readonly p95: number }> }>
  readonly updates: readonly { readonly what: string; readonly isRight: boolean }[]
}

async function files(
  lines: readonly string[],
  queries: string,
): Promise<{ corpus: string; queries: string; json: string }> {
  const folder = await temporaryFolder()
  const paths = { corpus: join(folder, 'c.jsonl.gz'), queries: join(folder, 'q.json'), json: join(folder, 'out.json') }
  await writeFile(paths.corpus, await compressed(lines.join('\n')))
  await writeFile(paths.queries, queries)
  return paths
}

const bench = async (...args: readonly string[]): Promise<ProcessRun> =>
  await runProcess(process.execPath, [BENCH, ...args], { env: process.env })

test('engines are built from a corpus, asked the same queries and compared', async () => {
  const lines = PACKAGES.map((row, at) => JSON.stringify(at % 2 === 0 ? row : { ...row, license: 'MIT', real: false }))
  const queries = {
    byName: PACKAGES.slice(0, 20).map(({ name }) => ({ q: name, name })),
    timeOnly: [{ q: 'harbour', filter: { license: 'MIT', tier: 2 } }],
  }
  const { json, ...given } = await files(lines, JSON.stringify(queries))
  const args = ['--corpus', given.corpus, '--queries', given.queries, '--engines', 'fts5,ours', '--json', json]
  const { code, out, err } = await bench(...args)
  expect(code, err).toBe(0)
  const figures = JSON.parse(await readFile(json, 'utf8')) as Figures
  expect(figures).toMatchObject({ packages: 100, ignoredFilterKeys: ['tier'], updates: null })
  expect(figures.engines.map(({ engine, error }) => [engine, error])).toEqual([
    ['ours', null],
    ['fts5', null],
  ])
  for (const { build, lookup, classes, odd } of figures.engines) {
    expect(build.diskBytes).toBeGreaterThan(1_000)
    expect(lookup).toMatchObject({ asked: 100, found: 100 })
    expect(classes).toMatchObject({ byName: { queries: 20, rank1: 1, mrr: 1 }, timeOnly: { queries: 1, mrr: null } })
    expect(odd.threw).toEqual({})
  }
  expect(figures.ratios.fts5?.classes.byName?.p95).toBeGreaterThan(0)
  expect(out).toContain('| byName ')
})

test('bad input is refused with what is wrong', async () => {
  const rows = ['{"name":"a"}', '{"name":']
  const { corpus, queries } = await files(rows, '{"exact":[{"q":"a","name":"a"}]}')
  const spoiled = await bench('--corpus', corpus, '--queries', queries)
  expect(spoiled).toMatchObject({ code: 2, err: expect.stringContaining('line 2 of the corpus is no JSON') })
  const swapped = await bench('--corpus', queries, '--queries', queries)
  expect(swapped).toMatchObject({ code: 2, err: expect.stringContaining('cannot be read as gzip') })
  const missing = await bench('--corpus', corpus, '--queries', `${queries}.none`)
  expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('cannot be read') })
  const unknown = await bench('--corpus', corpus, '--queries', queries, '--engines', 'ours,theirs')
  expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('"theirs" is no engine') })
  expect(await bench('--corpus', corpus)).toMatchObject({
    code: 2,
    err: expect.stringContaining('scripts/bench/search --corpus'),
  })
})

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiClient } from '../../src/cli/api-client.ts'
import { readEnvironment } from '../../src/cli/environment.ts'
import { exitCodeOf } from '../../src/cli/exit-codes.ts'
import { publishFile, publishPath } from '../../src/cli/publish-path.ts'
import { findRunFile } from '../../src/cli/run-file.ts'
import { type RunningNode, startNode } from '../../src/node/index.ts'
import { packageJson, tgzOf } from '../node/archives/archive-writers.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const ACME = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

let folder: string
let node: RunningNode
let client: ApiClient
beforeAll(async () => {
  folder = await temporaryFolder()
  const home = join(folder, 'home')
  node = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off' })
  client = new ApiClient(node.ready.http, (await findRunFile(home))?.token)
})
afterAll(async () => await node[Symbol.asyncDispose]())

const change = (action: string, body: object = {}) =>
  client.call<Record<string, unknown>>('POST', '/api/relations', { body: { action, publisher: ACME, ...body } })
const search = (query: Record<string, string | boolean>) =>
  client.call<{ hits: { purl: string; score: number }[] }>('GET', '/api/search', { query })

test('a package that says it is private is published, but not to everyone', async () => {
  const file = join(folder, 'x-1.0.0.tgz')
  const source = join(folder, 'source')
  await mkdir(source)
  await writeFile(file, tgzOf(packageJson({ private: true })))
  await writeFile(join(source, 'package.json'), JSON.stringify({ name: 'y', version: '1.0.0', private: true }))
  const surroundings = { environment: readEnvironment(), signal: new AbortController().signal }
  const refused = { code: 'E_ARCHIVE_PRIVATE', hint: expect.stringContaining('--public') }
  expect(exitCodeOf(refused.code)).toBe(5)
  for (const path of [file, source]) {
    for (const dryRun of [true, false])
      await expect(publishPath(client, path, { public: true, dryRun }, surroundings)).rejects.toMatchObject(refused)
    expect(await publishPath(client, path, {}, surroundings)).toMatchObject({ visibility: 'private' })
    await expect(publishPath(client, path, { public: true }, surroundings)).rejects.toMatchObject(refused)
  }
  await writeFile(file, tgzOf(packageJson({ version: '2.0.0', private: false })))
  expect(await publishFile(client, file, { public: true })).toMatchObject({ visibility: 'public' })
})

test('a permission for names that there cannot be is refused whole', async () => {
  for (const pattern of ['npm:[', 'npm:{a,b}-*', 'pypi:x|y', 'cargo:x^*'])
    await expect(change('allow', { patterns: ['npm:good', pattern] })).rejects.toMatchObject({ code: 'E_USAGE' })
  expect(JSON.stringify(await client.call('GET', '/api/routes'))).not.toContain('good')
  expect(JSON.stringify(await client.call('GET', '/api/publishers'))).not.toContain(ACME)
})

test('a publisher is called by no word that means something else', async () => {
  for (const as of ['self', 'allowed', 'nowhere'])
    await expect(change('follow', { as })).rejects.toMatchObject({ code: 'E_USAGE', hint: expect.any(String) })
  expect(JSON.stringify(await client.call('GET', '/api/publishers'))).not.toContain(ACME)
})

test('what was allowed and what is left of it is what the answer says, and config list has its routes', async () => {
  expect(await change('allow', { as: 'acme', patterns: ['npm:@acme/*', 'npm:rope'] })).toMatchObject({
    patterns: ['npm:@acme/*', 'npm:rope'],
  })
  const lines = await client.call<{ key: string; value: unknown; origin: string }[]>('GET', '/api/config')
  expect(lines.find(({ key }) => key === 'routes')).toMatchObject({
    value: expect.arrayContaining([{ match: 'npm:rope', to: 'acme' }]),
    origin: 'file',
  })
  expect(await change('disallow', { patterns: ['npm:@acme/*'] })).toMatchObject({ patterns: ['npm:rope'] })
  expect(await change('disallow', { patterns: ['npm:rope'] })).not.toHaveProperty('patterns')
})

test('a permission that was never given is not taken back in silence while others stand', async () => {
  const disallow = (pattern: string) => change('disallow', { patterns: [pattern] })
  await change('allow', { patterns: ['npm:@acme/*', 'npm:sail'] })
  await expect(disallow('npm:sial')).rejects.toMatchObject({
    code: 'E_NOT_FOUND',
    message: expect.stringContaining("allowed are 'npm:@acme/*', 'npm:sail'"),
    hint: "hanse disallow acme 'npm:@acme/*'",
  })
  expect(exitCodeOf('E_NOT_FOUND')).toBe(3)
  await change('allow')
  await expect(disallow('npm:sial')).rejects.toMatchObject({ code: 'E_NOT_FOUND', hint: 'hanse disallow acme' })
  // Its route goes, the permission for every name stays.
  expect(await disallow('npm:sail')).toMatchObject({ relation: 'allow', note: 'every name of acme stays allowed' })
  expect(JSON.stringify(await client.call('GET', '/api/routes'))).not.toContain('npm:sail')
  expect(await change('disallow')).not.toHaveProperty('note')
})

test('a permission for every name says that it is one, and so does a narrower one after it', async () => {
  const narrower = "for some alone: hanse disallow acme, then hanse allow acme 'npm:@acme/*'"
  expect(await change('allow', { patterns: ['npm:@acme/*'] })).not.toHaveProperty('note')
  expect(await change('allow')).toMatchObject({ note: `every name of acme is allowed; ${narrower}` })
  const after = await change('allow', { patterns: ['npm:@acme/*'] })
  expect(after).toMatchObject({ note: `every name of acme is allowed already; ${narrower}` })
  expect(await change('allow', { for: 'origin' })).not.toHaveProperty('note')
  await change('disallow', { for: 'origin' })
  await change('disallow')
})

test('a permission for names of a type that is not registered says so', async () => {
  const warning = expect.stringContaining('npmm is no registered type of packages')
  expect(await change('allow', { patterns: ['npm:sail', 'npmm:x', 'npmm:*'] })).toMatchObject({ warning })
  expect(await change('allow', { patterns: ['npm:sail', 'npm:*'] })).not.toHaveProperty('warning')
  await change('disallow')
})

test('what is undone and never was is answered with a note', async () => {
  for (const patterns of [[], ['npm:sail']])
    expect(await change('disallow', { patterns })).toMatchObject({ note: 'no name of acme was allowed' })
  expect(await change('disallow', { for: 'origin' })).toMatchObject({ note: 'acme was not allowed for origin' })
  expect(await change('unmirror')).toMatchObject({ note: 'acme was not mirrored' })
  expect(await change('unfollow')).not.toHaveProperty('note')
  expect(await change('unfollow')).toMatchObject({ relation: 'none', note: 'acme was not followed' })
  expect(await change('unfollow', { publisher: '*' })).toMatchObject({ note: 'not everything was followed' })
})

test('after a block every help leads on, one step at a time', async () => {
  expect(await change('block')).toMatchObject({ relation: 'block' })
  await expect(change('allow', { patterns: ['npm:rope'] })).rejects.toMatchObject({ hint: 'hanse follow acme' })
  const refusal = client.call('POST', '/api/install', { body: { purl: 'npm:rope', publisher: 'acme' } })
  await expect(refusal).rejects.toMatchObject({ code: 'E_NO_ROUTE', hint: 'hanse follow acme' })
  await change('follow')
  expect(await change('allow', { patterns: ['npm:rope'] })).toMatchObject({ relation: 'allow' })
})

test('a search for nothing, or for a type that there is not, is refused', async () => {
  for (const q of ['', '  ']) await expect(search({ q })).rejects.toMatchObject({ code: 'E_USAGE' })
  await expect(search({ q: 'x', type: 'nmp' })).rejects.toMatchObject({ code: 'E_USAGE', hint: expect.any(String) })
  expect((await search({ q: 'x', type: 'NPM' })).hits.map(({ purl }) => purl)).toContain('pkg:npm/x')
  expect((await search({ q: 'x', type: 'generic' })).hits).toEqual([])
})

test('the best local hit scores 1 and the others less, in order', async () => {
  for (const name of ['mast', 'mast-step']) {
    const file = join(folder, `${name}-1.0.0.tgz`)
    await writeFile(file, tgzOf(packageJson({ name, description: 'holds the mast' })))
    await publishFile(client, file, {})
  }
  const scores = (await search({ q: 'mast', local: true })).hits.map(({ score }) => score)
  expect(scores).toEqual([1, expect.any(Number)])
  expect(scores[1]).toBeGreaterThan(0)
  expect(scores[1]).toBeLessThan(1)
})

import { createHash } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readVerdaccioStorage, type StoredNpmPackage, type Unreadable } from '../../src/cli/verdaccio/read-storage.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { errorOf, hanse, NodeProcess } from './hanse-process.ts'
import { npmTarball } from './npm-package.ts'

let node: NodeProcess
let storage: string
const stack = new AsyncDisposableStack()

const FIRST = '2019-03-04T05:06:07.000Z'
const SECOND = '2021-03-04T05:06:07.000Z'

beforeAll(async () => {
  node = stack.use(await NodeProcess.start(['--network', 'off']))
  storage = await temporaryFolder()
  await store('@acme/hull', { '1.0.0': FIRST, '2.0.0-rc.1': SECOND }, { latest: '1.0.0', next: '2.0.0-rc.1' })
  await store('mast', { '0.1.0': SECOND }, { latest: '0.1.0' })
  await store(
    'from-elsewhere',
    { '1.0.0': FIRST },
    { latest: '1.0.0' },
    { _distfiles: { 'from-elsewhere-1.0.0.tgz': {} } },
  )
  await mkdir(join(storage, 'broken'))
  await writeFile(join(storage, 'broken/package.json'), '{"name":"broken","versions":[')
  await writeFile(join(storage, '.verdaccio-db.json'), '{"list":["@acme/hull","mast"]}')
})
afterAll(async () => await stack.disposeAsync())

/** A package as Verdaccio keeps it; the version 1.0.0 is deprecated. */
async function store(name: string, times: Record<string, string>, tags: Record<string, string>, more: object = {}) {
  const folder = join(storage, name)
  await mkdir(folder, { recursive: true })
  const versions: Record<string, object> = {}
  const attachments: Record<string, object> = {}
  for (const version of Object.keys(times)) {
    const { path } = await npmTarball({ name, version, description: `${name} for ships` })
    const file = `${name.split('/').at(-1)}-${version}.tgz`
    await copyFile(path, join(folder, file))
    const bytes = await readFile(path)
    const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
    const shasum = createHash('sha1').update(bytes).digest('hex')
    const deprecated = version === '1.0.0' ? { deprecated: 'leaks' } : {}
    versions[version] = {
      name,
      version,
      ...deprecated,
      dist: { integrity, shasum, tarball: `http://old.example/${file}` },
    }
    attachments[file] = { shasum, version }
  }
  const document = {
    name,
    versions,
    'dist-tags': tags,
    time: times,
    _uplinks: {},
    _distfiles: {},
    _attachments: attachments,
  }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...document, ...more }))
}

const run = async (...args: string[]) => await hanse(['--home', node.home, '--json', ...args])
const packumentOf = async (name: string) =>
  (await (await fetch(`${node.ready.http}/npm/${name.replace('/', '%2f')}`)).json()) as Record<string, unknown>

it('says what an import would do, and does nothing', async () => {
  const { code, json } = await run('import', 'verdaccio', storage, '--dry-run')
  expect([code, json]).toEqual([
    1,
    {
      ...{ dryRun: true, packages: 2, versions: 3, already: 0, tags: 3, deprecations: 1 },
      refused: [{ what: join(storage, 'broken/package.json'), code: 'E_FILE_CORRUPT', why: expect.any(String) }],
    },
  ])
  expect((await run('info', 'npm:mast')).code).toBe(3)
})

it('takes over bytes, times, tags and deprecations, and may be run again', async () => {
  expect((await run('import', 'verdaccio', storage)).json).toMatchObject({ versions: 3, tags: 3, deprecations: 1 })
  const hull = await packumentOf('@acme/hull')
  expect(hull).toMatchObject({
    'dist-tags': { latest: '1.0.0', next: '2.0.0-rc.1' },
    time: { created: FIRST, modified: SECOND, '1.0.0': FIRST, '2.0.0-rc.1': SECOND },
    versions: { '1.0.0': { deprecated: 'leaks' } },
  })
  const stored = JSON.parse(await readFile(join(storage, '@acme/hull/package.json'), 'utf8'))
  const digestsOf = ({ versions }: Record<string, unknown>) =>
    Object.values(versions as Record<string, { dist: Record<string, string> }>).map(({ dist }) => [
      dist.integrity,
      dist.shasum,
    ])
  expect(digestsOf(hull)).toEqual(digestsOf(stored))
  expect((await packumentOf('from-elsewhere')).error).toBeDefined()

  expect((await run('import', 'verdaccio', storage)).json).toMatchObject({
    versions: 3,
    already: 3,
    tags: 0,
    deprecations: 0,
  })
  expect(await packumentOf('@acme/hull')).toEqual(hull)
})

it('leaves a tarball that is not what the storage says, and takes the others', async () => {
  const other = await temporaryFolder()
  storage = other
  await store('anchor', { '1.0.0': FIRST, '1.1.0': SECOND }, { latest: '1.1.0' })
  const bytes = await readFile(join(other, 'anchor/anchor-1.1.0.tgz'))
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1)
  await writeFile(join(other, 'anchor/anchor-1.1.0.tgz'), bytes)
  expect(await run('import', 'verdaccio', other)).toMatchObject({
    code: 1,
    json: { versions: 1, tags: 0, refused: [{ what: 'anchor@1.1.0', code: 'E_ARTIFACT_ALTERED' }] },
  })
})

it('takes no tarball that says it is another package, and a tag that is none stops nothing', async () => {
  storage = await temporaryFolder()
  const { path } = await npmTarball({ name: '@elsewhere/keel', version: '1.0.0' })
  const integrity = `sha512-${createHash('sha512')
    .update(await readFile(path))
    .digest('base64')}`
  const versions = { '1.0.0': { name: 'keel', version: '1.0.0', dist: { integrity, tarball: 'http://old.example/x' } } }
  await store('keel', { '1.0.0': FIRST }, { latest: '1.0.0' }, { versions })
  await copyFile(path, join(storage, 'keel/keel-1.0.0.tgz'))
  await store('capstan', { '1.0.0': FIRST }, { '1.x': '1.0.0' })
  expect(await run('import', 'verdaccio', storage)).toMatchObject({
    code: 1,
    json: {
      versions: 1,
      refused: [
        { what: 'capstan', code: 'E_USAGE' },
        { what: 'keel@1.0.0', code: 'E_ARCHIVE_MISMATCH' },
      ],
    },
  })
  expect((await run('info', 'npm:@elsewhere/keel')).code).toBe(3)
})

it('hands everything back in the form that Verdaccio keeps', async () => {
  const folder = join(await temporaryFolder(), 'out')
  expect((await run('export', 'verdaccio', folder)).json).toMatchObject({ packages: 4, versions: 5, withheld: 0 })
  expect(JSON.parse(await readFile(join(folder, '.verdaccio-db.json'), 'utf8')).list).toEqual([
    '@acme/hull',
    'anchor',
    'capstan',
    'mast',
  ])
  const read: (StoredNpmPackage | Unreadable)[] = []
  for await (const each of readVerdaccioStorage(folder)) read.push(each)
  expect(read.map(each => ('name' in each ? [each.name, each.versions.length, each.tags] : each))).toEqual([
    ['@acme/hull', 2, { latest: '1.0.0', next: '2.0.0-rc.1' }],
    ['anchor', 1, { latest: '1.0.0' }],
    ['capstan', 1, { latest: '1.0.0' }],
    ['mast', 1, { latest: '0.1.0' }],
  ])
  const [hull] = read
  expect(hull).toMatchObject({
    versions: [{ version: '1.0.0', deprecated: 'leaks', publishedMs: Date.parse(FIRST) }, {}],
  })
  expect((await readdir(join(folder, 'mast'))).toSorted()).toEqual(['mast-0.1.0.tgz', 'package.json'])
  const again = errorOf(await run('export', 'verdaccio', folder))
  expect(again).toEqual([1, 'E_FILE_EXISTS'])
})

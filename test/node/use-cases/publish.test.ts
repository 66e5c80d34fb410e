import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { type PublishChoice, publishFile } from '../../../src/cli/publish-path.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { type RunningNode, startNode } from '../../../src/node/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { packageJson, tgzOf } from '../archives/archive-writers.ts'

const ACME = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const PEER = '12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK'

let folder: string
let node: RunningNode
let client: ApiClient
beforeAll(async () => {
  folder = await temporaryFolder()
  const home = join(folder, 'home')
  node = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off' })
  client = new ApiClient(node.ready.http, (await findRunFile(home))?.token)
})
afterAll(() => node[Symbol.asyncDispose]())

async function publish(
  name: string,
  bytes: Uint8Array | string,
  purl: string,
  choice: Omit<PublishChoice, 'purl'> = {},
) {
  await writeFile(join(folder, name), bytes)
  return await publishFile(client, join(folder, name), { purl, ...choice })
}

test.each([
  ['hello.txt', 'pkg:npm/hello@1.0.0'],
  ['hello.tgz', 'npm:hello@1.0.0'],
  ['hello.zip', 'pkg:pypi/hello@1.0'],
  ['hello', 'pkg:cargo/hello@1.0.0'],
])('%s with any bytes is released as no %s, whose ecosystem has archives of its own', async (name, purl) => {
  await expect(publish(name, 'hello\n', purl)).rejects.toMatchObject({
    code: 'E_ARCHIVE_FORMAT',
    message: expect.stringContaining(name),
    hint: expect.stringContaining('pkg:generic/'),
  })
})

test('an archive is released under the name its own manifest gives, and any file under a type without archives', async () => {
  const tarball = tgzOf(packageJson())
  const mismatch = { code: 'E_ARCHIVE_MISMATCH' }
  await expect(publish('x.tgz', tarball, 'pkg:npm/y@1.0.0')).rejects.toMatchObject(mismatch)
  await expect(publish('x.tgz', tarball, 'pkg:pypi/x@1.0.0')).rejects.toMatchObject(mismatch)
  expect(await publish('x.tgz', tarball, 'pkg:npm/x@1.0.0')).toMatchObject({ purl: 'pkg:npm/x@1.0.0' })
  for (const purl of ['pkg:generic/hello@1', 'pkg:golang/hello@1'])
    expect(await publish('hello.txt', 'hello\n', purl)).toMatchObject({ purl })
  expect(await client.call('GET', '/api/status')).toMatchObject({ releases: 3 })
})

test('what is more open already is said to stay so, and to be for no audience', async () => {
  const again = (choice: Omit<PublishChoice, 'purl'>) => publish('open.txt', 'open\n', 'pkg:generic/open@1', choice)
  await client.call('POST', '/api/audiences/partners', { body: { peers: [PEER] } })
  await expect(again({ to: 'partnrs' })).rejects.toMatchObject({ hint: expect.stringContaining('hanse audience list') })
  expect(await again({ to: 'partners' })).not.toHaveProperty('note')
  const note = (how: string) => expect.stringContaining(`${how} already`)
  expect(await again({})).toMatchObject({ visibility: 'listed', already: true, note: note('listed') })
  expect(await again({ public: true })).not.toHaveProperty('already')
  const narrower = await again({ to: 'partners' })
  expect(narrower).toMatchObject({ visibility: 'public', already: true, note: note('public') })
  expect(narrower).not.toHaveProperty('audience')
  expect(await again({ public: true })).not.toHaveProperty('note')
})

test('a name that came from an allowed publisher is said to come from here now', async () => {
  const again = (version: string, choice: Omit<PublishChoice, 'purl'> = {}) =>
    publish('hull.txt', `hull ${version}\n`, `pkg:generic/hull@${version}`, choice)
  const allowed = { action: 'allow', publisher: ACME, as: 'acme', patterns: ['generic:hull'] }
  await client.call('POST', '/api/relations', { body: allowed })
  const note = 'this node’s clients get its own generic:hull from this release on, and no longer that of acme'
  expect(await again('1', { dryRun: true })).toMatchObject({ note })
  expect(await again('1')).toMatchObject({ note })
  expect(await again('2')).not.toHaveProperty('note')
})

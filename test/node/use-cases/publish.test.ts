import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { publishFile } from '../../../src/cli/publish-path.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { type RunningNode, startNode } from '../../../src/node/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { packageJson, tgzOf } from '../archives/archive-writers.ts'

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

async function publish(name: string, bytes: Uint8Array | string, purl: string) {
  await writeFile(join(folder, name), bytes)
  return await publishFile(client, join(folder, name), { purl })
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

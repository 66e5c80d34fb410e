import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiClient } from '../../src/cli/api-client.ts'
import { installTo } from '../../src/cli/install-to.ts'
import { publishFile } from '../../src/cli/publish-path.ts'
import { findRunFile } from '../../src/cli/run-file.ts'
import { type RunningNode, startNode } from '../../src/node/index.ts'
import { packageJson, tgzOf } from '../node/archives/archive-writers.ts'

let folder: string
let node: RunningNode
let client: ApiClient
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hanse-files-'))
  const home = join(folder, 'home')
  node = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off' })
  client = new ApiClient(node.ready.http, (await findRunFile(home))?.token)
})
afterAll(async () => {
  await node[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function publish(name: string): Promise<void> {
  await writeFile(join(folder, name), `bytes of ${name}`)
  await publishFile(client, join(folder, name), { purl: 'generic:chart@7' })
}

test('every file of a release can be installed by a command that the error names', async () => {
  const names = ['north.bin', 'south+west.bin']
  for (const name of names) await publish(name)
  const to = join(folder, 'to')
  const refusal = await installTo(client, { purl: 'generic:chart' }, to).catch((error: unknown) => error)
  expect(refusal).toMatchObject({ code: 'E_WHICH_FILE' })
  for (const [, purl = ''] of (refusal as { hint: string }).hint.matchAll(/hanse install '([^']+)'/g)) {
    const { path } = await installTo(client, { purl }, to)
    expect(await readFile(path, 'utf8')).toBe(`bytes of ${path.split('/').at(-1)}`)
  }
  expect((await readdir(to)).toSorted()).toEqual(names)
})

test('a file name under which nobody could install it is not published', async () => {
  for (const name of ['east coast.bin', '-rf', 'nul.bin', 'küste.bin'])
    await expect(publish(name)).rejects.toMatchObject({ code: 'E_FILE_NAME', hint: expect.stringContaining('rename') })
})

test('an archive is named by its manifest, whatever its own file is called', async () => {
  const file = join(folder, 'my package (1).tgz')
  await writeFile(file, tgzOf(packageJson()))
  await publishFile(client, file, {})
  const { path } = await installTo(client, { purl: 'npm:x' }, join(folder, 'npm'))
  expect(path).toBe(join(folder, 'npm', 'x-1.0.0.tgz'))
})

import { randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { publishFile } from '../../../src/cli/publish-path.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { startNode } from '../../../src/node/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { packageJson, tgzOf } from '../archives/archive-writers.ts'

test('a publish that cannot be signed keeps neither the bytes nor a long manifest beside them', async () => {
  const folder = await temporaryFolder()
  const home = join(folder, 'home')
  const start = () => startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off' })
  {
    await using _first = await start()
  }
  // As after a restore: the first write waits for a peer that knows the publisher.
  const path = join(home, 'identity.json')
  const writers = { public: randomBytes(32).toString('hex'), private: randomBytes(32).toString('hex') }
  const identity = JSON.parse(await readFile(path, 'utf8'))
  await writeFile(path, JSON.stringify({ ...identity, restored: 'awaits-peers', writers }))
  await using node = await start()
  const client = new ApiClient(node.ready.http, (await findRunFile(home))?.token)
  await writeFile(join(folder, 'x.tgz'), tgzOf(packageJson({ readme: 'sail '.repeat(5_000) })))
  await expect(publishFile(client, join(folder, 'x.tgz'), {})).rejects.toMatchObject({ code: 'E_NETWORK' })
  expect(await client.call('GET', '/api/status')).toMatchObject({ releases: 0, artifacts: 0 })
  const left = await readdir(join(home, 'artifacts'), { recursive: true })
  expect(left.filter(name => /[0-9a-f]{64}$/.test(name))).toEqual([])
}, 60_000)

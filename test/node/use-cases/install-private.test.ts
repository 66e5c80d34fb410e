import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { publishFile } from '../../../src/cli/publish-path.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { startNode } from '../../../src/node/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

test('an own private package whose bytes are damaged says so and how to get them back', async () => {
  const folder = await temporaryFolder()
  const home = join(folder, 'home')
  await using node = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off' })
  const client = new ApiClient(node.ready.http, (await findRunFile(home))?.token)
  await writeFile(join(folder, 'chart.bin'), 'chart')
  const { sha256 } = await publishFile(client, join(folder, 'chart.bin'), { purl: 'generic:chart@7' })
  await writeFile(join(home, 'artifacts', sha256.slice(0, 2), sha256), 'chalk')
  const install = () => client.call('POST', '/api/install', { body: { purl: 'generic:chart' } })
  await expect(install()).rejects.toMatchObject({
    code: 'E_NO_PROVIDER',
    message: expect.stringContaining('no peer is asked'),
    hint: expect.stringMatching(/hanse doctor.*backup/),
  })
  await publishFile(client, join(folder, 'chart.bin'), { purl: 'generic:chart@7' })
  expect(await install()).toMatchObject({ from: 'local' })
  expect(await readdir(join(home, 'partial'))).toEqual([])
})

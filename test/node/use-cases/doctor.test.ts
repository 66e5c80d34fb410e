import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { publishFile } from '../../../src/cli/publish-path.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { startNode } from '../../../src/node/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

test('a running node finds broken state files beside altered artifacts, and repairs the artifacts alone', async () => {
  const folder = await temporaryFolder()
  const home = join(folder, 'home')
  await using node = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off' })
  const client = new ApiClient(node.ready.http, (await findRunFile(home))?.token)
  const doctor = (repair: boolean) => client.call('POST', '/api/doctor', { body: { repair } })
  await writeFile(join(folder, 'chart.bin'), 'chart')
  const { sha256 } = await publishFile(client, join(folder, 'chart.bin'), { purl: 'generic:chart@7' })
  expect(await doctor(false)).toEqual({ ok: true, findings: [] })

  const peers = join(home, 'state', 'peers.json')
  const artifact = join(home, 'artifacts', sha256.slice(0, 2), sha256)
  await writeFile(peers, 'garbage')
  await writeFile(artifact, 'tract')
  const broken = (problem: string, repaired: boolean) => [
    { kind: 'file', subject: peers, problem: expect.stringContaining(problem), repaired: false },
    { kind: 'artifact', subject: artifact, problem: 'its bytes are not those of its name', repaired },
  ]
  expect(await doctor(false)).toEqual({ ok: false, findings: broken('is not JSON', false) })
  expect(await doctor(true)).toEqual({ ok: false, findings: broken('while the node is stopped', true) })
  expect(await readFile(peers, 'utf8')).toBe('garbage')
  expect(await doctor(false)).toEqual({ ok: false, findings: broken('', false).slice(0, 1) })
})

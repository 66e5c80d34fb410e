import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { publishFile } from '../../../src/cli/publish-path.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { readIdentity } from '../../../src/node/identity/identity-file.ts'
import { doctorHome, startNode } from '../../../src/node/index.ts'
import { firstRecordsOf } from '../../../src/node/library/own-root.ts'
import { openLevelDatabase, RecordStore } from '../../../src/node/storage/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const atHome = async (home: string) => {
  const node = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off' })
  return Object.assign(node, { client: new ApiClient(node.ready.http, (await findRunFile(home))?.token) })
}
type Node = Awaited<ReturnType<typeof atHome>>

async function publish({ client }: Node, name: string): Promise<void> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, name)
  await publishFile(client, path, { purl: `generic:${name}@1` })
}
const releasesOf = async ({ client }: Node) => (await client.call<{ releases: number }>('GET', '/api/status')).releases

async function networkIs(home: string, id: string): Promise<void> {
  const path = join(home, 'config.yaml')
  await writeFile(path, (await readFile(path, 'utf8')).replace(/^ {2}id: .*$/m, `  id: ${id}`))
}
async function examined(home: string, repair: boolean) {
  const findings = []
  for await (const { kind, problem, repaired } of doctorHome(home, { repair }))
    findings.push({ kind, problem, repaired })
  return findings
}
const madeFor = (net: string) => ({ kind: 'network', problem: expect.stringContaining(net), repaired: false })

test('a home started on another network keeps every record: it does not start, no repair touches it, and set back it goes on', async () => {
  const home = join(await temporaryFolder(), 'home')
  {
    await using node = await atHome(home)
    await publish(node, 'chart')
  }
  await networkIs(home, 'acme')
  await expect(atHome(home)).rejects.toMatchObject({
    code: 'E_CONFIG',
    message: expect.stringContaining('network main'),
    hint: expect.stringContaining('another home'),
  })
  const found = await examined(home, true)
  expect(found).toEqual(found.map(() => madeFor('main')))
  expect(found.length).toBe(2)
  await networkIs(home, 'main')
  expect(await examined(home, false)).toEqual([])
  await using node = await atHome(home)
  expect(await releasesOf(node)).toBe(1)
  await publish(node, 'log')
  expect(await releasesOf(node)).toBe(2)
})

test('records of another network beside those of this one are told, kept and in no one’s way', async () => {
  const home = join(await temporaryFolder(), 'home')
  {
    await using node = await atHome(home)
    await publish(node, 'chart')
  }
  {
    await using database = await openLevelDatabase(join(home, 'database'))
    await new RecordStore(database).append(firstRecordsOf('acme', (await readIdentity(home))!))
  }
  expect(await examined(home, true)).toEqual([madeFor('acme')])
  await using node = await atHome(home)
  expect(await (await fetch(new URL('/readyz', node.ready.http))).text()).toContain('E_OTHER_NETWORK')
  expect(await node.client.call('POST', '/api/doctor', { body: { repair: true } })).toMatchObject({
    ok: false,
    findings: [{ kind: 'network', problem: expect.not.stringContaining('stopped') }],
  })
  await publish(node, 'log')
  expect(await releasesOf(node)).toBe(2)
})

import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { exitCodeOf } from '../../../src/cli/exit-codes.ts'
import { installTo } from '../../../src/cli/install-to.ts'
import { type Published, publishFile } from '../../../src/cli/publish-path.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { layoutOf } from '../../../src/federation/index.ts'
import { startNode } from '../../../src/node/index.ts'
import { openArtifactStore } from '../../../src/node/storage/artifact-store.ts'
import { openLevelDatabase } from '../../../src/node/storage/open-level-database.ts'
import { fillDisk } from './fill-disk.ts'
import { bytesOf } from './temporary-home.ts'

const run = promisify(execFile)
const MIB = 2 ** 20
/** Room for a node, its reserve of 8 MiB and a little; small, because it is filled for real. */
const DISK_MIB = 48

let folder: string
let disk: string
/** Why there is no disk to fill, or null. */
let refused: string | null = null
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hanse-full-'))
  disk = await mkdtemp(join(tmpdir(), 'hanse-disk-'))
  await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', disk]).catch((error: Error) => {
    refused = error.message.trim()
  })
})
afterAll(async () => {
  if (refused === null) await run('umount', ['-l', disk])
  for (const path of [disk, folder]) await rm(path, { recursive: true, force: true })
})

test('a full disk refuses a publish whole, and the node goes on with what it has', async context => {
  if (refused !== null) context.skip(`no disk to fill: ${refused}`)
  const home = join(disk, 'home')
  await using node = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off' })
  const client = new ApiClient(node.ready.http, (await findRunFile(home))?.token)
  const publish = async (name: string, bytes: number): Promise<Published> => {
    await writeFile(join(folder, name), Buffer.alloc(bytes, name))
    return await publishFile(client, join(folder, name), { purl: `generic:${name}@1` })
  }
  const first = await publish('herring', MIB)
  const before = await client.call('GET', '/api/status')

  const full = { code: 'E_DISK_FULL', hint: expect.stringContaining('free some space') }
  const fillers = [
    ['entirely', 0],
    ['but for less than the reserve', 4 * MIB],
    ['but for less than the upload', 12 * MIB],
  ] as const
  for (const [how, leaveBytes] of fillers) {
    await fillDisk(join(disk, 'filler'), leaveBytes)
    await expect(publish('anchovy', 16 * MIB), how).rejects.toMatchObject(full)
    if (leaveBytes < 8 * MIB) await expect(publish('sprat', 100), how).rejects.toMatchObject(full)
    const left = (await readdir(home, { recursive: true })).filter(name =>
      /incoming-|partial\/.|^artifacts\/..\/./.test(name),
    )
    expect(left, how).toEqual([`artifacts/${first.sha256.slice(0, 2)}/${first.sha256}`])
    expect(await client.call('GET', '/api/status')).toEqual(before)
    const found = await client.call('GET', '/api/search', { query: { q: 'herring', local: true } })
    expect(found, how).toMatchObject({ hits: [{ purl: expect.stringContaining('herring') }] })
    const installed = await installTo(client, { purl: 'generic:herring' }, join(folder, how))
    expect(installed).toMatchObject({ sha256: first.sha256, from: 'local' })
  }
  expect(exitCodeOf('E_DISK_FULL')).toBe(1)

  await rm(join(disk, 'filler'))
  expect(await publish('anchovy', 4 * MIB)).toMatchObject({ purl: 'pkg:generic/anchovy@1' })
  expect(await client.call('GET', '/api/status')).toMatchObject({ releases: 2, artifacts: 2, health: 'ok' })
})

test('a start on a full disk ends with a code and goes once there is room', async context => {
  if (refused !== null) context.skip(`no disk to fill: ${refused}`)
  const start = (name: string) =>
    startNode({ home: join(disk, name), http: { host: '127.0.0.1', port: 0 }, network: 'off' })
  {
    await using _first = await start('other')
  }
  await fillDisk(join(disk, 'filler'))
  for (const name of ['other', 'new'])
    await expect(start(name), name).rejects.toMatchObject({
      code: 'E_DISK_FULL',
      hint: expect.stringContaining('free some space'),
    })
  await rm(join(disk, 'filler'))
  for (const name of ['other', 'new']) {
    await using _node = await start(name)
  }
})

test('a fetch that a full disk broke off needs room for what is missing alone', async context => {
  if (refused !== null) context.skip(`no disk to fill: ${refused}`)
  const bytes = bytesOf(10 * MIB)
  const layout = await layoutOf([bytes])
  const leaf = (index: number) => bytes.subarray(index * MIB, (index + 1) * MIB)
  await using database = await openLevelDatabase(join(folder, 'database'))
  const store = await openArtifactStore({ database, folder: join(disk, 'content') })
  {
    await using partial = (await store.openPartial(layout))!
    for (let index = 0; index < 7; index++) await partial.writeLeaf(index, leaf(index))
  }
  await fillDisk(join(disk, 'filler'), 8 * MIB + 2 * MIB)
  await expect(store.openPartial(layout)).rejects.toMatchObject({ code: 'E_DISK_FULL' })
  await rm(join(disk, 'filler'))
  await fillDisk(join(disk, 'filler'), 8 * MIB + 4 * MIB)
  {
    await using partial = (await store.openPartial(layout))!
    expect(partial.missing()).toEqual([7, 8, 9])
    for (const index of partial.missing()) await partial.writeLeaf(index, leaf(index))
    await partial.finish()
  }
  expect(await store.isIntact(layout.sha256)).toBe(true)
  await rm(join(disk, 'filler'))
})

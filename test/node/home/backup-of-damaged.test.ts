import { createWriteStream } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { expect, test } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { publishFile } from '../../../src/cli/publish-path.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { doctorHome, readBackup, restoreHome, startNode } from '../../../src/node/index.ts'
import { openArtifactStore, openLevelDatabase } from '../../../src/node/storage/index.ts'
import type { Sha256 } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { packageJson, tgzOf } from '../archives/archive-writers.ts'

const PASSPHRASE = 'a passphrase'
const LONG_README = 'sail '.repeat(5_000)

const atHome = async (home: string) => {
  const node = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off' })
  return Object.assign(node, { client: new ApiClient(node.ready.http, (await findRunFile(home))?.token) })
}
type Client = Awaited<ReturnType<typeof atHome>>['client']

/** Releases x 1.0.0, x 1.0.1, ... privately; each has a manifest too long for its record. */
async function releaseThree(client: Client): Promise<readonly Sha256[]> {
  const folder = await temporaryFolder()
  const released: Sha256[] = []
  for (const version of ['1.0.0', '1.0.1', '1.0.2']) {
    const path = join(folder, `x-${version}.tgz`)
    await writeFile(path, tgzOf(packageJson({ version, readme: LONG_README })))
    const { sha256 } = (await publishFile(client, path, {})) as unknown as { sha256: Sha256 }
    released.push(sha256)
  }
  return released
}

/** Flips a bit in a record of the longest writer feed. */
async function damage(home: string, seq: number): Promise<void> {
  await using database = await openLevelDatabase(join(home, 'database'))
  const feeds = Map.groupBy(await database.table('records').keys().all(), key => key.split('/')[1]!)
  feeds.delete('root')
  const key = [...feeds.values()].toSorted((a, b) => b.length - a.length)[0]![seq - 1]!
  const value = Uint8Array.from((await database.table('records').get(key))!)
  value[value.length - 5]! ^= 1
  await database.commit([{ type: 'put', table: 'records', key, value }])
}

async function backUp(client: Client, file: string) {
  const stream = await client.stream('POST', '/api/backup', { body: { passphrase: PASSPHRASE } })
  await pipeline(stream, createWriteStream(file))
  return await readBackup(file)
}

async function bytesIn(backup: Awaited<ReturnType<typeof readBackup>>): Promise<ReadonlySet<Sha256>> {
  const found = new Set<Sha256>()
  for await (const { sha256 } of backup.artifacts()) found.add(sha256)
  return found
}

test('a backup of a home that lost a record has all bytes, and restoring it says what stays out and where its bytes are', async () => {
  const folder = await temporaryFolder()
  const [home, again, file] = ['home', 'again', 'backup'].map(name => join(folder, name)) as [string, string, string]
  let released: readonly Sha256[]
  {
    await using node = await atHome(home)
    released = await releaseThree(node.client)
    const whole = await backUp(node.client, join(folder, 'whole'))
    expect(whole.leftOut).toEqual({ records: 0, artifacts: 0 })
    expect((await bytesIn(whole)).size).toBe(6)
  }
  await damage(home, 1)
  for await (const _ of doctorHome(home, { repair: true }));
  {
    await using node = await atHome(home)
    const backup = await backUp(node.client, file)
    expect(backup.leftOut).toEqual({ records: 1, artifacts: 0 })
    const bytes = await bytesIn(backup)
    expect(bytes.size).toBe(6)
    for (const sha256 of released) expect(bytes).toContain(sha256)
  }
  const answer = await restoreHome(again, file, { offline: true, passphrases: [PASSPHRASE] })
  expect(answer).toMatchObject({
    artifacts: 6,
    leftOutRecords: 3,
    leftOutArtifacts: 0,
    note: expect.stringContaining('2 records'),
    publishAgain: ['1.0.1', '1.0.2'].map((version, at) => ({
      purl: `pkg:npm/x@${version}`,
      name: `x-${version}.tgz`,
      sha256: released[at + 1],
    })),
  })
  const { publishAgain } = answer as { publishAgain: readonly { name: string; file: string }[] }
  for (const { name, file } of publishAgain) await writeFile(join(folder, name), await readFile(file))
  {
    await using node = await atHome(again)
    for (const { name } of publishAgain)
      expect(await publishFile(node.client, join(folder, name), {})).toMatchObject({ visibility: 'private' })
  }
  await using database = await openLevelDatabase(join(again, 'database'))
  const artifacts = await openArtifactStore({ database, folder: again })
  for (const sha256 of released) expect(await artifacts.marks.isOwn(sha256)).toBe(true)
}, 60_000)

test('a backup counts bytes that records name and that are gone', async () => {
  const folder = await temporaryFolder()
  const home = join(folder, 'home')
  let gone: Sha256
  {
    await using node = await atHome(home)
    gone = (await releaseThree(node.client))[1]!
  }
  {
    await using database = await openLevelDatabase(join(home, 'database'))
    await (await openArtifactStore({ database, folder: home })).remove(gone)
  }
  await using node = await atHome(home)
  const file = join(folder, 'backup')
  const backup = await backUp(node.client, file)
  expect(backup.leftOut).toEqual({ records: 0, artifacts: 1 })
  expect(await bytesIn(backup)).not.toContain(gone)
  const again = join(folder, 'again')
  const restored = await restoreHome(again, file, { offline: true, passphrases: [PASSPHRASE] })
  expect(restored).toMatchObject({ artifacts: 5, leftOutRecords: 0, leftOutArtifacts: 1 })
}, 60_000)

test('a backup that cannot be made says why, and what helps, in place of a broken stream', async () => {
  const folder = await temporaryFolder()
  const [home, file] = [join(folder, 'home'), join(folder, 'backup')]
  {
    await using node = await atHome(home)
    await releaseThree(node.client)
  }
  await damage(home, 1)
  {
    await using node = await atHome(home)
    await expect(backUp(node.client, file)).rejects.toMatchObject({
      code: 'E_RECORD_CORRUPT',
      hint: expect.stringContaining('hanse doctor --repair'),
    })
  }
  for await (const _ of doctorHome(home, { repair: true }));
  await using node = await atHome(home)
  await mkdir(join(home, 'state', 'policy-accepted.json'))
  await expect(backUp(node.client, file)).rejects.toMatchObject({ code: 'E_FILE' })
}, 60_000)

import { createWriteStream } from 'node:fs'
import { open, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { artifactSinkOf } from '../../../src/node/storage/artifact-sink.ts'
import { type ArtifactStore, openArtifactStore } from '../../../src/node/storage/artifact-store.ts'
import { type BackupSource, backupStream, readBackup } from '../../../src/node/storage/backup.ts'
import { examine } from '../../../src/node/storage/doctor.ts'
import type { LevelDatabase } from '../../../src/node/storage/level-database.ts'
import { openLevelDatabase } from '../../../src/node/storage/open-level-database.ts'
import { RecordStore } from '../../../src/node/storage/record-store.ts'
import type { Sha256 } from '../../../src/protocol/index.ts'
import { forgePublisher } from '../../federation/sync/forge.ts'
import { bytesOf, chunksOf, heliaLayoutOf, scopedFolder } from './temporary-home.ts'

const MIB = 1 << 20
let stack: AsyncDisposableStack
let folder: string
let database: LevelDatabase
let records: RecordStore
let artifacts: ArtifactStore
const p = forgePublisher('acme')
const chain = p.chain(10)
const rival = p.chain(2, chain[3]!, 'rival')
const other = forgePublisher('other')

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  folder = stack.use(await scopedFolder()).path
  database = stack.use(await openLevelDatabase(join(folder, 'database')))
  records = new RecordStore(database)
  artifacts = await openArtifactStore({ database, folder })
  await records.append([p.genesis, ...chain, ...rival, other.genesis, ...other.chain(3)])
})
afterEach(() => stack.disposeAsync())

const all = async <T>(source: AsyncIterable<T>) => {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

describe('a backup', () => {
  const state = new Map([['relations.json', Buffer.from('{"acme":1}')]])
  const source = (changes: Partial<BackupSource> = {}): BackupSource => ({
    records,
    artifacts,
    publisher: p.publisher,
    bytesNamedIn: () => [],
    keys: bytesOf(64),
    state,
    at: 1000,
    ...changes,
  })

  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  const writeBackup = (of: BackupSource, file: string) => pipeline(backupStream(of), createWriteStream(file))

  test("brings back keys, state, the publisher's own records in order, and the artifacts asked for", async () => {
    const one = await artifacts.add(chunksOf(bytesOf(MIB + 5, 'one')))
    const two = await artifacts.add(chunksOf(bytesOf(7, 'two')))
    await artifacts.add(chunksOf(bytesOf(7, 'can be fetched again')))
    const file = join(folder, 'backup')
    const lost = 'f'.repeat(64) as Sha256
    const named = new Map([
      [text(p.genesis.envelope), [one.sha256, lost]],
      [text(chain[9]!.envelope), [two.sha256, one.sha256]],
    ])
    await writeBackup(source({ bytesNamedIn: envelope => named.get(text(envelope)) ?? [] }), file)
    const backup = await readBackup(file)
    const leftOut = { records: 0, artifacts: 1 }
    expect(backup).toMatchObject({ publisher: p.publisher, at: 1000, keys: bytesOf(64), leftOut })
    expect(Buffer.from(backup.state.get('relations.json')!).toString()).toBe('{"acme":1}')
    expect(await all(backup.envelopes())).toEqual(
      [p.genesis, ...chain, ...rival].map(({ envelope }) => new Uint8Array(envelope)),
    )
    const back: [string, number][] = []
    for await (const { sha256, size, bytes } of backup.artifacts())
      back.push([sha256, Buffer.concat(await all(bytes)).length - size])
    expect(back).toEqual([
      [one.sha256, 0],
      [two.sha256, 0],
    ])
    const names = []
    for await (const { sha256 } of backup.artifacts()) names.push(sha256)
    expect(names).toEqual([one.sha256, two.sha256])
  })

  test('is of one moment, whatever is written while it is taken', async () => {
    const file = join(folder, 'backup')
    const more = p.chain(50, chain[9]!, 'later')
    const writing = writeBackup(source(), file)
    await records.append(more)
    await writing
    const count = (await all((await readBackup(file)).envelopes())).length
    expect([13, 63]).toContain(count)
  })

  test('is refused when cut, altered, foreign, newer or without its trailer', async () => {
    const file = join(folder, 'backup')
    await writeBackup(source(), file)
    const text = gunzipSync(await readFile(file)).toString()
    const broken = async (code: string, bytes: Uint8Array) => {
      await writeFile(file, bytes)
      await expect(readBackup(file)).rejects.toMatchObject({ code })
    }
    await broken('E_BACKUP_CORRUPT', gzipSync(text.replace('"at":1000', '"at":1001')))
    await broken('E_BACKUP_CORRUPT', gzipSync(text.split('\n').slice(0, -2).join('\n')))
    await broken('E_BACKUP_CORRUPT', gzipSync(`${text}{"record":""}\n`))
    await broken('E_BACKUP_CORRUPT', gzipSync('hello\n'))
    await broken('E_BACKUP_CORRUPT', Buffer.from('no gzip at all'))
    await broken('E_BACKUP_NEWER', gzipSync(text.replace('"format":1', '"format":2')))
    await writeFile(file, gzipSync(text))
    await truncate(file, 200)
    await expect(readBackup(file)).rejects.toMatchObject({ code: 'E_BACKUP_CORRUPT' })
  })

  test('fails as a stream when a record is damaged', async () => {
    const [key, value] = (await database.table('records').iterator().all())[0]!
    await database.commit([{ type: 'put', table: 'records', key, value: value.subarray(0, 90) }])
    const publisher = key.split('/')[0] as typeof p.publisher
    await expect(writeBackup(source({ publisher }), join(folder, 'backup'))).rejects.toMatchObject({
      code: 'E_RECORD_CORRUPT',
    })
  })
})

describe('the doctor', () => {
  const findings = (repair = false) =>
    all(examine({ database, artifacts, net: 'main', own: null }, { repair: repair ? 'everything' : 'nothing' }))
  const keyAt = async (seq: number) =>
    (
      await database
        .table('records')
        .keys({ gte: `${p.publisher}/${p.feed}/` })
        .all()
    )[seq - 1]!

  test('finds nothing wrong in a healthy home', async () => {
    await artifacts.add(chunksOf(bytesOf(10)))
    expect(await findings()).toEqual([])
  })

  test('names an altered artifact and, asked to repair, moves it aside', async () => {
    const { sha256 } = await artifacts.add(chunksOf(bytesOf(10)))
    const path = artifacts.pathOf(sha256)
    {
      await using file = await open(path, 'r+')
      await file.write(Buffer.from('x'), 0, 1, 0)
    }
    expect(await findings()).toMatchObject([{ kind: 'artifact', subject: path, repaired: false }])
    expect(await findings(true)).toMatchObject([{ kind: 'artifact', subject: path, repaired: true }])
    expect(await findings()).toEqual([])
  })

  test('finds an altered record, marks its loss and keeps what follows, until it is appended again', async () => {
    const key = await keyAt(6)
    const value = Uint8Array.from((await database.table('records').get(key))!)
    value[value.length - 1]! ^= 1
    await database.commit([{ type: 'put', table: 'records', key, value }])
    expect(await findings()).toMatchObject([
      { kind: 'record', subject: `${p.publisher}/${p.feed}`, problem: expect.stringContaining('altered') },
    ])
    await findings(true)
    expect(await findings()).toMatchObject([{ problem: expect.stringContaining('record 6 is lost'), repaired: false }])
    expect((await records.heads(p.publisher)).map(({ seq }) => seq)).toEqual([1, 10, 6])
    expect(await records.append([...chain, ...rival])).toMatchObject({ stored: [chain[5]], known: 11, refused: [] })
    expect(await findings()).toEqual([])
    expect((await records.range(p.publisher, p.feed, { from: 1, limit: 99, maxBytes: 1e6 })).length).toBe(10)
  })

  for (const table of ['feeds', 'places'] as const)
    test(`rebuilds what is lost or altered in the table of ${table}`, async () => {
      const [key, value] = (
        await database
          .table(table)
          .iterator({ gte: table === 'feeds' ? `${p.publisher}/` : chain[2]!.id })
          .all()
      )[0]!
      await database.commit([{ type: 'put', table, key, value: value.map((byte, i) => (i === 20 ? byte ^ 1 : byte)) }])
      expect((await findings()).length).toBeGreaterThan(0)
      await findings(true)
      expect(await findings()).toEqual([])
      expect(await records.counts()).toEqual({ publishers: 2, feeds: 4, records: 17 })
      for (const record of [p.genesis, ...chain, ...rival]) expect(await records.envelope(record.id)).not.toBeNull()
    })

  test('finds a record whose signature is wrong although its checksum is right', async () => {
    const forged = other.chain(4)[3]!
    const envelope = Uint8Array.from(forged.envelope)
    envelope[envelope.length - 1]! ^= 1
    await records.append([{ ...forged, envelope }])
    expect(await findings()).toMatchObject([{ kind: 'record', subject: `${other.publisher}/${other.feed}` }])
  })
})

describe('the sink for fetched artifacts', () => {
  for (const size of [0, 10, 2 * MIB + 1])
    test(`holds ${size} bytes once committed, and nothing when discarded`, async () => {
      const bytes = bytesOf(size)
      const layout = await heliaLayoutOf(chunksOf(bytes))
      const sink = artifactSinkOf(artifacts)
      for (const end of ['discard', 'commit'] as const) {
        const writer = await sink.begin(layout)
        if (layout.rootBlock) await writer.writeRoot(layout.rootBlock)
        if (size > 0)
          for (const i of layout.leaves.keys()) await writer.writeLeaf(i, bytes.subarray(i * MIB, (i + 1) * MIB))
        await writer[end]()
        expect(await artifacts.has(layout.cid)).toBe(end === 'commit')
        expect(await readdir(join(folder, 'partial'))).toEqual([])
      }
    })
})

import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Intake } from '../../../src/federation/index.ts'
import { fetchRange } from '../../../src/federation/sync/fetch-range.ts'
import { openArtifactStore } from '../../../src/node/storage/artifact-store.ts'
import { backupStream, readBackup } from '../../../src/node/storage/backup.ts'
import { examine, type Finding } from '../../../src/node/storage/doctor.ts'
import { type LevelDatabase, openLevelDatabase, type TableName } from '../../../src/node/storage/level-database.ts'
import type { Damage } from '../../../src/node/storage/record-scan.ts'
import { RecordStore } from '../../../src/node/storage/record-store.ts'
import {
  encodeRange,
  headOf,
  type PeerId,
  type PublisherId,
  parseFeedRequest,
  parseRecordOnPool,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { Publisher } from '../../federation/simulation/cast.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const p = new Publisher('acme')
const chain = p.chain(10, null, 'a')
const rival = p.chain(3, chain[3]!, 'rival')
const all = [p.genesis, p.delegate, ...chain, ...rival]
let database: LevelDatabase
let store: RecordStore
let folder: string

beforeEach(async () => {
  folder = await temporaryFolder()
  database = await openLevelDatabase(join(folder, 'database'))
  store = new RecordStore(database)
  await store.append(all)
})
afterEach(() => database[Symbol.asyncDispose]())

const keyOf = async ({ id }: WellFormedRecord) =>
  Buffer.from((await database.table('places').get(id))!)
    .toString()
    .replace('?', '')

/** Flips a bit in a stored value. */
async function flip(table: TableName, key: string): Promise<void> {
  const value = Uint8Array.from((await database.table(table).get(key))!)
  value[value.length - 1]! ^= 1
  await database.commit([{ type: 'put', table, key, value }])
}
const damage = async (record: WellFormedRecord) => flip('records', await keyOf(record))

async function doctor(own: PublisherId | null, repair = true): Promise<Finding[]> {
  const artifacts = await openArtifactStore({ database, folder })
  const findings: Finding[] = []
  const patient = { database, artifacts, net: 'main', own }
  for await (const finding of examine(patient, { repair: repair ? 'everything' : 'nothing' })) findings.push(finding)
  return findings
}

async function held(): Promise<readonly string[]> {
  const ids: string[] = []
  for await (const { id } of store.records(p.id, () => {})) ids.push(id)
  return ids
}
const without = (...lost: readonly WellFormedRecord[]) =>
  all.filter(record => !lost.includes(record)).map(({ id }) => id)

const lostSets: readonly (readonly [string, readonly WellFormedRecord[]])[] = [
  ['one in the middle', [chain[4]!]],
  ['the first', [chain[0]!]],
  ['the last', [chain[9]!]],
  ['several in a row', [chain[4]!, chain[5]!, chain[6]!]],
  ['the one where a rival leaves', [chain[3]!]],
  ['one of a rival', [rival[1]!]],
  ['the genesis', [p.genesis]],
]

describe('a repair', () => {
  for (const [what, lost] of lostSets)
    for (const own of [null, p.id, 'another' as PublisherId])
      test(`keeps all records but ${what}, which come back to their places (own: ${own})`, async () => {
        const before = await store.heads(p.id)
        for (const record of lost) await damage(record)
        await doctor(own)
        expect(await held()).toEqual(without(...lost))
        expect(await store.heads(p.id)).toEqual(before)
        for (const { id } of lost) expect(await store.envelope(id)).toBeNull()
        for (const record of lost.toReversed())
          expect(await store.append([record], { onlyAtTip: true })).toMatchObject({ stored: [record] })
        expect(await held()).toEqual(without())
        expect(await store.heads(p.id)).toEqual(before)
        expect(await doctor(own, false)).toEqual([])
      })

  test('says of an own loss what can be done, as long as it is missing, and of a foreign one that it is fetched', async () => {
    await damage(chain[4]!)
    expect(await doctor(p.id)).toMatchObject([
      { problem: expect.stringContaining('altered'), repaired: true },
      {
        problem: expect.stringMatching(/record 5 is lost: nothing is published here .* hanse restore FILE/),
        repaired: false,
      },
    ])
    expect(await doctor(p.id, false)).toHaveLength(1)
    expect(await doctor('another' as PublisherId)).toMatchObject([
      { problem: expect.stringContaining('fetches it from peers'), repaired: true },
    ])
  })

  test('cuts a foreign feed, and leaves an own one, when its table of branches is lost too', async () => {
    await damage(chain[2]!)
    await flip('feeds', `${p.id}/${p.feed}`)
    expect(new Set((await doctor(p.id)).map(({ repaired }) => repaired))).toEqual(new Set([false]))
    expect(await held()).toEqual(without(chain[2]!))
    await doctor('another' as PublisherId)
    expect((await store.head(p.id, p.feed))?.seq).toBe(2)
    expect((await store.append(chain)).refused).toEqual([])
  })

  test('puts a record back that lies under the key of another place', async () => {
    const key = await keyOf(chain[6]!)
    const value = (await database.table('records').get(key))!
    await database.commit([
      { type: 'del', table: 'records', key },
      { type: 'put', table: 'records', key: `${key.slice(0, -2)}77`, value },
    ])
    await doctor(p.id)
    expect(await doctor(p.id, false)).toEqual([])
    expect(await held()).toEqual(without())
  })
})

describe('a feed with a loss', () => {
  test('is left out of a backup only if it is marked and no root feed, which would fork when it is restored', async () => {
    const artifacts = await openArtifactStore({ database, folder })
    const source = {
      records: store,
      artifacts,
      publisher: p.id,
      only: [],
      keys: new Uint8Array(1),
      state: new Map(),
      at: 1,
    }
    const records = async () => {
      const file = join(folder, 'backup')
      await pipeline(backupStream(source), createWriteStream(file))
      let count = 0
      for await (const _ of (await readBackup(file)).envelopes()) count++
      return count
    }
    await damage(chain[4]!)
    await expect(records()).rejects.toMatchObject({ code: 'E_RECORD_CORRUPT' })
    await doctor(p.id)
    expect(await records()).toBe(all.length - 1)
    await damage(p.delegate)
    await doctor(p.id)
    await expect(records()).rejects.toMatchObject({ code: 'E_RECORD_CORRUPT' })
  })

  test('is told, once for each lost record, and when records are gone without a mark', async () => {
    const told = async () => {
      const seen: Damage[] = []
      for await (const _ of store.records(p.id, each => seen.push(each)));
      return seen
    }
    await database.commit([{ type: 'del', table: 'records', key: await keyOf(chain[9]!) }])
    expect(await told()).toMatchObject([{ feed: p.feed, lost: null, problem: expect.stringContaining('1 records') }])
    await damage(chain[4]!)
    await doctor(p.id)
    expect((await told()).map(({ lost }) => lost)).toEqual([headOf(chain[4]!), headOf(chain[9]!)])
  })

  test('gives what is before the loss, as one that ends there', async () => {
    await damage(chain[4]!)
    await doctor(p.id)
    const range = (from: number) => store.range(p.id, p.feed, { from, limit: 99, maxBytes: 1e6 })
    expect((await range(1)).length).toBe(4)
    expect(await range(5)).toEqual([])
  })

  for (const [what, lost] of [
    ['a writer feed', chain[4]!],
    ['a root feed, whose delegates count again after it', p.genesis],
  ] as const)
    test(`is filled by one exact range from a peer: ${what}`, async () => {
      await damage(lost)
      await doctor(p.id)
      const intake = new Intake({
        net: 'main',
        store,
        verify: envelope => parseRecordOnPool(envelope, { net: 'main' }),
        onStored: () => {},
        isOwnFeed: () => false,
        onOwnFeed: () => {},
      })
      const asked: unknown[] = []
      const client = {
        async *request(_: PeerId, payload: Uint8Array) {
          asked.push(parseFeedRequest(payload))
          yield encodeRange([lost.envelope])
        },
      }
      const ask = { peer: 'peer' as PeerId, head: headOf(lost), from: null, pinned: true }
      const mayBefore = await intake.mayAdmit(p.id, p.feed)
      expect(await fetchRange(client, intake, ask, new AbortController().signal)).toEqual({ is: 'held', helped: true })
      const { publisher, feed, seq, id } = headOf(lost)
      expect(asked).toEqual([{ ask: 'range', publisher, feed, from: seq, to: id }])
      expect([mayBefore, await intake.mayAdmit(p.id, p.feed)]).toEqual([lost !== p.genesis, true])
      expect(await doctor(p.id, false)).toEqual([])
    })
})

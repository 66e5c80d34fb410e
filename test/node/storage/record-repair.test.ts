import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Intake, rangeVerifier } from '../../../src/federation/index.ts'
import { fetchRange } from '../../../src/federation/sync/fetch-range.ts'
import { openArtifactStore } from '../../../src/node/storage/artifact-store.ts'
import { backupStream, readBackup } from '../../../src/node/storage/backup.ts'
import { examine, type Finding } from '../../../src/node/storage/doctor.ts'
import type { LevelDatabase, TableName } from '../../../src/node/storage/level-database.ts'
import { openLevelDatabase } from '../../../src/node/storage/open-level-database.ts'
import { checkRecords } from '../../../src/node/storage/record-check.ts'
import type { Damage } from '../../../src/node/storage/record-scan.ts'
import { RecordStore } from '../../../src/node/storage/record-store.ts'
import { encodeLost } from '../../../src/node/storage/stored-record.ts'
import {
  encodeRange,
  headOf,
  type PeerId,
  type PublisherId,
  parseFeedRequest,
  ROOT_FEED,
  verifySignaturesOnPool,
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

  test('leaves an own feed whose table of branches is lost if anything tells of a record behind the good ones', async () => {
    const feedKey = `${p.id}/${p.feed}`
    const [last, key] = [chain[9]!, await keyOf(chain[9]!)]
    await database.commit([{ type: 'del', table: 'feeds', key: feedKey }])
    for (const harm of [
      () => damage(last),
      () => database.commit([{ type: 'del', table: 'records', key }]),
      () => database.commit([{ type: 'put', table: 'records', key, value: encodeLost(last.id) }]),
    ]) {
      await harm()
      const findings = await doctor(p.id)
      expect(findings.map(({ repaired }) => repaired)).toEqual(findings.map(() => false))
      expect(await store.head(p.id, p.feed)).toBeNull()
    }
  })

  test('makes the table of branches of an own feed again when nothing else is lost', async () => {
    const before = await store.heads(p.id)
    await database.commit([{ type: 'del', table: 'feeds', key: `${p.id}/${p.feed}` }])
    await doctor(p.id)
    expect(await store.heads(p.id)).toEqual(before)
    expect(await doctor(p.id, false)).toEqual([])
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

describe('an examination', () => {
  test('finds nothing wrong in what is appended while it runs', async () => {
    const more = p.chain(3, chain[9]!, 'more')
    // The moment between two reads at which a running node may write.
    const between = new Proxy(database, {
      get: (target, name) => {
        const of: unknown = Reflect.get(target, name, target)
        if (name !== 'scan') return typeof of === 'function' ? of.bind(target) : of
        return async function* (...[table, bounds]: Parameters<LevelDatabase['scan']>) {
          if (table === 'records') await store.append(more)
          yield* target.scan(table, bounds)
        }
      },
    })
    const found: unknown[] = []
    for await (const check of checkRecords(between, 'main')) found.push(check.problems)
    expect(found).toEqual([])
    expect((await store.head(p.id, p.feed))?.seq).toBe(13)
  })
})

describe('a damaged table of branches', () => {
  test('hides neither the heads of the other feeds of its publisher nor the counts', async () => {
    const before = await store.heads(p.id)
    await flip('feeds', `${p.id}/${p.feed}`)
    expect(await store.heads(p.id)).toEqual(before.filter(({ feed }) => feed !== p.feed))
    expect(await store.counts()).toEqual({ publishers: 1, feeds: 2, records: 2 })
  })

  test('of a root feed, on which the others rest, is an error', async () => {
    await flip('feeds', `${p.id}/${ROOT_FEED}`)
    await expect(store.heads(p.id)).rejects.toMatchObject({ code: 'E_RECORD_CORRUPT' })
  })
})

describe('a feed with a loss', () => {
  test('is left out of a backup only if it is marked and no root feed, which would fork when it is restored', async () => {
    const artifacts = await openArtifactStore({ database, folder })
    const source = {
      records: store,
      artifacts,
      publisher: p.id,
      bytesNamedIn: () => [],
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

  test('is told when a record cannot be found by its id, and given with that record', async () => {
    await database.commit([{ type: 'del', table: 'places', key: chain[9]!.id }])
    const told: Damage[] = []
    const given: string[] = []
    for await (const { id } of store.records(p.id, each => told.push(each))) given.push(id)
    expect(told).toMatchObject([{ feed: p.feed, lost: null, problem: expect.stringContaining('by its id') }])
    expect(given).toEqual(without())
    await doctor(p.id)
    expect(await doctor(p.id, false)).toEqual([])
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
        verify: rangeVerifier({ net: 'main', verifySignatures: verifySignaturesOnPool }),
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

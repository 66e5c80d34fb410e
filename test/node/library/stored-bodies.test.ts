import { expect, test } from 'vitest'
import { MadePublisher } from '../../../scripts/bench/federated-search-nodes/made-publisher.ts'
import { openSearchIndex } from '../../../src/node/index/index.ts'
import { Library } from '../../../src/node/library/library.ts'
import { StoredBodies } from '../../../src/node/library/stored-bodies.ts'
import { type Damage, openLevelDatabase, RecordStore } from '../../../src/node/storage/index.ts'
import {
  type BlockId,
  CatalogueFold,
  type FeedHead,
  foldPublisher,
  headOf,
  type PackageName,
  type ReleaseName,
  type ReleaseOp,
  type Sha256,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const NET = 'main'
const purlOf = (name: string) => `pkg:npm/${name}` as PackageName
const releaseOf = (name: string, version: string): ReleaseOp => ({
  op: 'release',
  purl: `${purlOf(name)}@${version}` as ReleaseName,
  artifacts: [
    {
      name: 'x.tgz',
      cid: 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku' as BlockId,
      size: 1,
      sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' as Sha256,
    },
  ],
  summary: { description: `what ${name} does` },
})

async function stored() {
  const database = await openLevelDatabase(`${await temporaryFolder()}/database`)
  const records = new RecordStore(database)
  const made = new MadePublisher()
  const { publisher } = made.root[0]
  const releases = ['x 1', 'y 1', 'x 2', 'y 2'].map(text => made.append(releaseOf(text[0]!, text[2]!)))
  const all: WellFormedRecord[] = [...made.root, ...releases]
  await records.append(all)
  const spoil = async ({ seq }: WellFormedRecord) => {
    const keys = await database.table('records').keys().all()
    const key = keys.filter(each => !each.includes('/root/'))[seq - 1]!
    const value = Uint8Array.from((await database.table('records').get(key))!)
    value[value.length - 5]! ^= 1
    await database.commit([{ type: 'put', table: 'records', key, value }])
  }
  return { database, records, publisher, releases, all, spoil }
}

test('records that are read from the disk one by one add up to what those in memory do', async () => {
  const { database, records, publisher, all } = await stored()
  await using _ = database
  for (const keptBytes of [0, 1, undefined]) {
    const bodies = new StoredBodies({
      net: NET,
      records,
      onDamage: () => {},
      ...(keptBytes === undefined ? {} : { keptBytes }),
    })
    const fold = new CatalogueFold(bodies, 0)
    fold.add(all)
    bodies.clear()
    const whole = foldPublisher(publisher, all)
    expect(new Map(fold.publisher(publisher)!.packages)).toEqual(whole.packages)
    expect(fold.digest()).toBe(digestOf(all))
    expect(fold.publisher(publisher)?.digest).toBe(whole.digest)
  }
})

const digestOf = (records: readonly WellFormedRecord[]) => {
  const fold = new CatalogueFold()
  fold.add(records)
  return fold.digest()
}

test('a record is found where it lies, wherever its head says', async () => {
  const { database, records, publisher } = await stored()
  await using _ = database
  const made = new MadePublisher()
  const [first] = [made.append(releaseOf('x', '1'))]
  expect(first.publisher).not.toBe(publisher)
  await records.append([...made.root, first])
  for (const record of [...made.root, first]) expect(records.recordAt(headOf(record)).id).toBe(record.id)
  const elsewhere: FeedHead = { ...headOf(first), seq: 9 }
  expect(records.recordAt(elsewhere).seq).toBe(1)
})

test('a record that is found damaged when it is asked for is an error that /readyz tells, and stops nothing else', async () => {
  const { database, records, publisher, releases, spoil } = await stored()
  await using _ = database
  const index = await openSearchIndex(database.table('index'))
  const library = await Library.open({ net: NET, database, records, index })
  await spoil(releases[0]!)
  expect(() => library.package(publisher, purlOf('x'))).toThrow(
    expect.objectContaining({ code: 'E_RECORD_CORRUPT', hint: expect.stringContaining('doctor --repair') }),
  )
  expect(library.problems.get(publisher)).toContain('E_RECORD_CORRUPT')
  expect(library.isWhole(releases[0]!)).toBe(false)
  expect(library.package(publisher, purlOf('y'))?.releases.size).toBe(2)
  // It may have released it: nobody else's name is taken for the only one.
  expect(['x', 'y', 'z'].map(name => library.publishersOf(purlOf(name)))).toEqual([[publisher], [publisher], []])
  const waiting = library.waitUntil(() => library.package(publisher, purlOf('x')) !== null, AbortSignal.timeout(60_000))
  await expect(waiting).rejects.toMatchObject({ code: 'E_RECORD_CORRUPT' })
  expect([...library.catalogue.publisher(publisher)!.packages.keys()]).toEqual([purlOf('x'), purlOf('y')])
  const heard: unknown[] = []
  library.onChange(() => library.package(publisher, purlOf('x')))
  library.onChange((_records, touched) => heard.push(touched))
  await library.absorb(releases)
  await library.forget(publisher)
  expect(heard).toHaveLength(2)
  await index[Symbol.asyncDispose]()
})

test('what is altered is told once, and what is being removed is not damage', async () => {
  const { database, records, releases, spoil } = await stored()
  await using _ = database
  const damage: Damage[] = []
  const bodies = new StoredBodies({ net: NET, records, onDamage: each => damage.push(each) })
  await spoil(releases[1]!)
  for (let i = 0; i < 2; i++) expect(() => bodies.bodyOf(headOf(releases[1]!))).toThrow(/altered on disk/)
  expect(damage).toMatchObject([{ feed: releases[1]!.feed, lost: null }])
  const forgetting = records.forget(releases[0]!.publisher)
  expect(() => bodies.bodyOf(headOf(releases[0]!))).toThrow(/being removed/)
  await forgetting
  expect(damage).toHaveLength(1)
})

import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { InstallJournal } from '../../../src/node/installs/index.ts'
import { InstallCounts } from '../../../src/node/installs/install-counts.ts'
import { MAX_COUNTED_PACKAGES } from '../../../src/node/installs/limits.ts'
import { type LevelDatabase, openLevelDatabase } from '../../../src/node/storage/index.ts'
import type { PackageName, PublisherId } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const LEFT = 'pkg:npm/left' as PackageName
const ACME = 'acme' as PublisherId
const install = { at: 1_000, purl: LEFT, version: '1.0.0', who: 'ci', passed: true, publisher: ACME }

const openOn = (database: LevelDatabase) =>
  InstallJournal.open({ database, now: () => 1_000, onProblem: (_, cause) => expect.fail(String(cause)) })

test('one install a day, asker and version counts for the publisher that released it', async () => {
  await using database = await openLevelDatabase(join(await temporaryFolder(), 'db'))
  await using journal = await openOn(database)
  for (let again = 0; again < 10; again++) journal.note(install)
  journal.note({ ...install, who: 'ann' })
  journal.note({ ...install, version: '1.1.0' })
  expect(journal.installsOf(ACME, LEFT)).toBe(3)
  expect(journal.installsOf('zeta' as PublisherId, LEFT)).toBe(0)
})

test('what an upstream served and what a dry-run alone let through counts for nobody', async () => {
  await using database = await openLevelDatabase(join(await temporaryFolder(), 'db'))
  await using journal = await openOn(database)
  const { publisher: _, ...upstream } = install
  journal.note(upstream)
  journal.note({ ...install, version: '6.6.6', passed: false })
  expect(journal.installsOf(ACME, LEFT)).toBe(0)
})

test('counts outlive a restart and go on', async () => {
  await using database = await openLevelDatabase(join(await temporaryFolder(), 'db'))
  {
    await using journal = await openOn(database)
    journal.note(install)
    journal.note({ ...install, who: 'ann' })
  }
  await using journal = await openOn(database)
  expect(journal.installsOf(ACME, LEFT)).toBe(2)
  journal.note({ ...install, who: 'bob' })
  expect(journal.installsOf(ACME, LEFT)).toBe(3)
})

test('tells once a write which packages were counted', async () => {
  await using database = await openLevelDatabase(join(await temporaryFolder(), 'db'))
  await using journal = await openOn(database)
  const told: PackageName[][] = []
  journal.onCounted(async names => void told.push([...names]))
  journal.note(install)
  journal.note({ ...install, who: 'ann' })
  await journal.settled()
  await journal.settled()
  expect(told).toEqual([[LEFT]])
})

test('of more packages than are counted, those that nobody installed for longest are forgotten, on the disk too', async () => {
  await using database = await openLevelDatabase(join(await temporaryFolder(), 'db'))
  const nameOf = (i: number) => `pkg:npm/p${i}` as PackageName
  const counts = await InstallCounts.open(database)
  for (let from = 0; from < MAX_COUNTED_PACKAGES; from += 10_000) {
    const some = Array.from({ length: 10_000 }, (_, i) => counts.add(ACME, nameOf(from + i), 1_000 + from + i))
    await database.commit(some.flat())
  }
  {
    await using journal = await openOn(database)
    expect(journal.installsOf(ACME, nameOf(0))).toBe(1)
    journal.note({ ...install, at: 1_000_000, purl: nameOf(MAX_COUNTED_PACKAGES) })
  }
  await using journal = await openOn(database)
  const left = [0, 1, MAX_COUNTED_PACKAGES].map(i => journal.installsOf(ACME, nameOf(i)))
  expect(left).toEqual([0, 1, 1])
})

test('whether anything of a publisher is counted is known without looking through all counts', async () => {
  await using database = await openLevelDatabase(join(await temporaryFolder(), 'db'))
  const counts = await InstallCounts.open(database)
  const zeta = 'zeta' as PublisherId
  for (let i = 0; i < MAX_COUNTED_PACKAGES - 1; i++) counts.add(ACME, `pkg:npm/p${i}` as PackageName, i)
  counts.add(zeta, LEFT, MAX_COUNTED_PACKAGES)
  const looked = vi.spyOn(Map.prototype, 'keys')
  const known = [ACME, zeta, 'nobody' as PublisherId].map(id => counts.hasAnyOf(id))
  const looks = looked.mock.calls.length
  looked.mockRestore()
  expect([known, looks]).toEqual([[true, true, false], 0])
  for (let i = 0; i < MAX_COUNTED_PACKAGES; i++) counts.add('new' as PublisherId, `pkg:npm/n${i}` as PackageName, i)
  expect([ACME, zeta, 'new' as PublisherId].map(id => counts.hasAnyOf(id))).toEqual([false, false, true])
})

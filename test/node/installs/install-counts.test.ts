import { join } from 'node:path'
import { expect, test } from 'vitest'
import { InstallJournal } from '../../../src/node/installs/index.ts'
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
  {
    await using journal = await openOn(database)
    for (let i = 0; i <= 100_000; i++) {
      journal.note({ ...install, at: 1_000 + i, version: `${i}`, purl: nameOf(i) })
      // Lines that wait are bounded too.
      if (i % 5_000 === 0) await journal.settled()
    }
  }
  await using journal = await openOn(database)
  const counts = [0, 1, 100_000].map(i => journal.installsOf(ACME, nameOf(i)))
  expect(counts).toEqual([0, 1, 1])
}, 60_000)

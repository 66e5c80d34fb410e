import { join } from 'node:path'
import { expect, test } from 'vitest'
import { InstallJournal } from '../../../src/node/installs/index.ts'
import { type LevelDatabase, openLevelDatabase } from '../../../src/node/storage/index.ts'
import type { PackageName } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const DAY_MS = 24 * 60 * 60_000
const NOW = 20_000 * DAY_MS + 1_000
const LEFT = 'pkg:npm/left' as PackageName
const ACME = 'pkg:npm/%40acme/x' as PackageName

const unexpected = (message: string, cause: unknown) => {
  throw new Error(message, { cause })
}
const openOn = (database: LevelDatabase, now = NOW) =>
  InstallJournal.open({ database, now: () => now, onProblem: unexpected })

test('says who was served what since when, and what was ever', async () => {
  await using database = await openLevelDatabase(join(await temporaryFolder(), 'db'))
  await using journal = await openOn(database)
  const first = { at: NOW - DAY_MS, purl: LEFT, version: '1.0.0', who: 'ci' }
  const second = { at: NOW, purl: ACME, version: '2.0.0-rc.1', who: '192.0.2.7' }
  journal.note({ ...first, passed: true })
  journal.note({ ...second, passed: true })
  expect(await journal.since(NOW - 7 * DAY_MS)).toEqual([first, second])
  expect(await journal.since(NOW)).toEqual([second])
  expect([journal.firstOf(LEFT, '1.0.0'), journal.firstOf(ACME, '2.0.0-rc.1')]).toEqual([first.at, second.at])
  expect(journal.firstOf(LEFT, '2.0.0')).toBeNull()
})

test('one line a day, asker and version, however often it is served, in one write', async () => {
  await using database = await openLevelDatabase(join(await temporaryFolder(), 'db'))
  await using journal = await openOn(database)
  const before = database.groups
  for (let at = 0; at < 5_000; at++) {
    journal.note({
      at: NOW + at,
      purl: LEFT,
      version: `1.0.${at % 50}`,
      who: at % 2 === 0 ? 'ci' : 'ann',
      passed: true,
    })
  }
  await journal.settled()
  expect(database.groups - before).toBe(1)
  expect(await journal.since(0)).toHaveLength(50)
  journal.note({ at: NOW + DAY_MS, purl: LEFT, version: '1.0.0', who: 'ci', passed: true })
  expect(await journal.since(0)).toHaveLength(51)
})

test('outlives a restart; lines go after seven days, what was once installed stays', async () => {
  await using database = await openLevelDatabase(join(await temporaryFolder(), 'db'))
  {
    await using journal = await openOn(database)
    journal.note({ at: NOW, purl: LEFT, version: '1.0.0', who: 'ci', passed: true })
  }
  {
    await using journal = await openOn(database)
    expect(await journal.since(NOW)).toHaveLength(1)
    expect(journal.firstOf(LEFT, '1.0.0')).not.toBeNull()
  }
  await using later = await openOn(database, NOW + 9 * DAY_MS)
  expect(await later.since(0)).toEqual([])
  expect(later.firstOf(LEFT, '1.0.0')).not.toBeNull()
})

test('a disk that takes nothing is told of once, and serving goes on', async () => {
  let free = 0
  const path = join(await temporaryFolder(), 'db')
  await using database = await openLevelDatabase(path, { freeBytes: async () => free })
  const problems: string[] = []
  await using journal = await InstallJournal.open({
    ...{ database, now: () => NOW },
    onProblem: message => void problems.push(message),
  })
  for (const version of ['1.0.0', '1.1.0']) {
    journal.note({ at: NOW, purl: LEFT, version, who: 'ci', passed: true })
    await journal.settled()
  }
  expect(problems).toHaveLength(1)
  expect(journal.firstOf(LEFT, '1.1.0')).not.toBeNull()
  await using later = await InstallJournal.open({
    ...{ database, now: () => NOW + 9 * DAY_MS },
    onProblem: message => void problems.push(message),
  })
  expect(await later.since(0)).toEqual([])
  free = 2 ** 30
  journal.note({ at: NOW, purl: LEFT, version: '1.2.0', who: 'ci', passed: true })
  expect(await journal.since(NOW)).toHaveLength(1)
})

test('a full journal loses its oldest lines, not its newest', async () => {
  await using database = await openLevelDatabase(join(await temporaryFolder(), 'db'))
  await using journal = await openOn(database)
  const days = [3, 2, 1, 0]
  for (const ago of days) {
    for (let at = 0; at < 60_000; at += 15_000) {
      for (let one = at; one < at + 15_000; one++) {
        journal.note({
          at: NOW - ago * DAY_MS,
          purl: LEFT,
          version: `${one % 600}.0.0`,
          who: `t${Math.floor(one / 600)}`,
          passed: true,
        })
      }
      await journal.settled()
    }
  }
  const lines = await journal.since(0)
  expect(lines.length).toBeLessThanOrEqual(200_000)
  expect(lines.filter(({ at }) => at === NOW)).toHaveLength(60_000)
}, 120_000)

test('what a dry-run alone let through was served, and was not installed before', async () => {
  await using database = await openLevelDatabase(join(await temporaryFolder(), 'db'))
  await using journal = await openOn(database)
  const served = { at: NOW, purl: LEFT, version: '6.6.6', who: 'ci' }
  journal.note({ ...served, passed: false })
  expect([await journal.since(0), journal.firstOf(LEFT, '6.6.6')]).toEqual([[served], null])
  // Of age later the same day.
  journal.note({ ...served, at: NOW + 1, passed: true })
  expect(journal.firstOf(LEFT, '6.6.6')).toBe(NOW + 1)
})

import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../temporary-folder.ts'
import { killMerges, killsOf } from './crash-merge/crash-rounds.ts'
import { type Change, openRecordDatabase } from './crash-merge/record-database.ts'
import { faultsOf, leftoversOf } from './index-faults.ts'

const PACKAGES = 400
const SEED = 20261121

describe('an index whose process is closed during a merge', () => {
  it('is whole at the next start, which merges', async () => {
    const folder = join(await temporaryFolder(), 'database')
    const changes = Array.from({ length: PACKAGES }, (_, number): Change => [number, 0])
    {
      await using database = await openRecordDatabase(folder)
      await database.commit(changes)
      await database.index.merge()
      await database.commit(changes.slice(0, PACKAGES / 2).map(([number]) => [number, number % 3 === 0 ? null : 1]))
      database.index.merge().catch(() => {})
    }
    await using database = await openRecordDatabase(folder)
    const documents = [...(await database.records()).values()]
    expect(documents).toHaveLength(PACKAGES - Math.ceil(PACKAGES / 2 / 3))
    expect([...faultsOf(database.index, documents, SEED), ...(await leftoversOf(database.store))]).toEqual([])
    await database.index.merge()
    expect(database.index.stats()).toMatchObject({ pending: 0, needsRebuild: false })
    expect(faultsOf(database.index, documents, SEED)).toEqual([])
  })
})

describe('an index whose process is killed during merges', () => {
  // scripts/crash-merge does this a hundred times with more documents.
  it('is whole each time: all that was acknowledged, nothing by half, nothing left behind, the answers of a rebuild', async () => {
    const folder = join(await temporaryFolder(), 'database')
    const report = await killMerges({ folder, seed: SEED, count: 2, packages: 150 })
    expect(report.faults).toEqual([])
    expect(killsOf(report)).toBe(2)
    expect(report.acknowledged).toBeGreaterThan(2)
  })
})

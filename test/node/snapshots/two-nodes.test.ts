import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { fillHome } from '../../../scripts/bench/federated-search-nodes/fill-home.ts'
import { madeUpPackages, seededRandom } from '../../../scripts/bench/federated-search-nodes/made-packages.ts'
import { startNode } from '../../../src/node/index.ts'
import { RelationBook } from '../../../src/node/library/relation-book.ts'
import { openDataDirectory, openLevelDatabase, RecordStore } from '../../../src/node/storage/index.ts'
import type { PublisherId } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const PUBLISHERS = 70
const RECORDS = PUBLISHERS * 4
const place = { http: { host: '127.0.0.1', port: 0 }, network: 'public', listen: ['/ip4/127.0.0.1/tcp/0'] } as const

async function publishersIn(home: string): Promise<readonly PublisherId[]> {
  await using paths = await openDataDirectory(home)
  await using database = await openLevelDatabase(paths.database)
  return await new RecordStore(database).publishers()
}

async function follow(home: string, publishers: readonly PublisherId[]): Promise<void> {
  await using paths = await openDataDirectory(home)
  const relations = await RelationBook.open(join(paths.state, 'relations.json'))
  for (const publisher of publishers) await relations.change(publisher, { do: 'follow' })
}

const metricsOf = async (http: string): Promise<string> => await (await fetch(new URL('/metrics', http))).text()

test('a new node that follows many publishers takes them in from the snapshot of its bootstrap peer', async () => {
  const folder = await temporaryFolder()
  const [old, fresh] = [join(folder, 'old'), join(folder, 'fresh')]
  await fillHome(old, madeUpPackages(PUBLISHERS * 2, seededRandom()), PUBLISHERS)
  const publishers = await publishersIn(old)
  await follow(fresh, publishers)
  await using maker = await startNode({ ...place, home: old, env: { HANSE_SNAPSHOTS_MAKE: '1' } })
  await vi.waitFor(() => access(join(old, 'snapshots', 'manifest')), { timeout: 20_000 })
  await using joiner = await startNode({ ...place, home: fresh, bootstrap: [maker.ready.addresses[0]!] })
  await vi.waitFor(
    async () => {
      const metrics = await metricsOf(joiner.ready.http)
      expect(metrics).toContain('hanse_snapshots_total{result="joined"} 1')
      expect(metrics).toContain(`hanse_records_total{via="peer"} ${RECORDS}`)
      expect(metrics).toContain(`hanse_packages ${PUBLISHERS * 2}`)
    },
    { timeout: 30_000, interval: 200 },
  )
}, 60_000)

import { expect, test } from 'vitest'
import { MadePublisher } from '../../../scripts/bench/federated-search-nodes/made-publisher.ts'
import { openSearchIndex } from '../../../src/node/index/index.ts'
import { Library } from '../../../src/node/library/library.ts'
import type { NodeContext } from '../../../src/node/node-context.ts'
import { openLevelDatabase, RecordStore, StorageError } from '../../../src/node/storage/index.ts'
import { targetOfDigest, targetsOfVersion } from '../../../src/node/use-cases/purge-targets.ts'
import type { BlockId, PackageName, ReleaseName, Sha256 } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' as Sha256
const CID = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku' as BlockId

/** A publisher with one release of a package. */
function releasing(name: string) {
  const made = new MadePublisher()
  const artifacts = [{ name: 'x.tgz', cid: CID, size: 1, sha256: SHA256 }]
  const record = made.append({ op: 'release', purl: `pkg:npm/${name}@1` as ReleaseName, artifacts, summary: {} })
  return { publisher: record.publisher, records: [...made.root, record] }
}

test('bytes are purged by digest and by name while a record of another package is damaged', async () => {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await openLevelDatabase(`${await temporaryFolder()}/database`))
  const index = stack.use(await openSearchIndex(database.table('index')))
  const store = new RecordStore(database)
  const [damaged, sound] = [releasing('damaged'), releasing('sound')]
  await store.append([...damaged.records, ...sound.records])
  const library = await Library.open({ net: 'main', database, records: store, index })
  const { recordAt } = store
  store.recordAt = head => {
    if (head.publisher === damaged.publisher) throw new StorageError('E_RECORD_CORRUPT', 'altered on disk')
    return recordAt.call(store, head)
  }
  const node = { library, database, artifacts: { stat: async () => null } } as unknown as NodeContext
  const names = [{ purl: 'pkg:npm/sound', version: '1' }]
  expect(await targetOfDigest(node, SHA256)).toEqual({ cid: null, sha256: SHA256, names })
  expect(await targetOfDigest(node, CID)).toMatchObject({ cid: CID, names })
  expect(await targetsOfVersion(node, 'pkg:npm/sound' as PackageName, '1')).toMatchObject([{ sha256: SHA256, names }])
  expect(await targetsOfVersion(node, 'pkg:npm/damaged' as PackageName, '1')).toMatchObject([{ sha256: null }])
})

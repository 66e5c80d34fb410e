import { join } from 'node:path'
import type { LoadedConfig } from '../config/index.ts'
import { NodeError } from '../errors.ts'
import { createIdentity, type Identity, readIdentity, saveIdentity } from '../identity/identity-file.ts'
import { openSearchIndex } from '../index/index.ts'
import { Library } from '../library/library.ts'
import { RelationBook } from '../library/relation-book.ts'
import { ServeGate } from '../library/serve-gate.ts'
import { createLog } from '../log.ts'
import { PeerBook } from '../network/peer-book.ts'
import {
  type DataDirectory,
  type LevelDatabase,
  openArtifactStore,
  openAuditLog,
  openForeignBlocks,
  openLevelDatabase,
  RecordStore,
} from '../storage/index.ts'

/** Everything a node has on disk, opened. */
export type OpenHome = Awaited<ReturnType<typeof openHome>>

/** Opens keys, records, artifacts and decisions; makes the keys at the first start. */
export async function openHome(stack: AsyncDisposableStack, paths: DataDirectory, { config }: LoadedConfig) {
  const stored = await readIdentity(paths.home)
  const database = stack.use(await openLevelDatabase(paths.database))
  const identity = stored ?? (await makeIdentity(paths.home, database))
  const corrupt = new Set<() => void>()
  const artifacts = await openArtifactStore({
    database,
    folder: paths.content,
    onCorrupt: () => {
      for (const listener of corrupt) listener()
    },
  })
  const foreign = await openForeignBlocks(database)
  const index = stack.use(await openSearchIndex(database.table('index')))
  const library = await Library.open({ net: config.network.id, database, records: new RecordStore(database), index })
  const relations = await RelationBook.open(join(paths.state, 'relations.json'))
  const peers = await PeerBook.open(join(paths.state, 'peers.json'), message => createLog().warn(message))
  stack.defer(() => peers.settled())
  const audit = stack.use(await openAuditLog(paths.auditLog))
  const gate = new ServeGate(library.access, artifacts, relations)
  /** Called when an artifact's bytes were found altered and withdrawn. */
  const onCorrupt = (listener: () => void) => corrupt.add(listener)
  return { paths, identity, database, artifacts, foreign, library, relations, peers, audit, gate, onCorrupt }
}

/** The keys of a new home. Records without keys are someone's lost identity: making another in its place would hide that. */
async function makeIdentity(home: string, database: LevelDatabase): Promise<Identity> {
  const [first] = await database.table('records').keys({ limit: 1 }).all()
  if (first !== undefined) {
    throw new NodeError('E_IDENTITY', `${home} has records but no identity.json`, {
      hint: 'put identity.json back, or restore a backup into an empty home: hanse restore FILE',
    })
  }
  const identity = createIdentity(Date.now())
  await saveIdentity(home, identity)
  return identity
}

import { join } from 'node:path'
import { shortNameOf } from '../../protocol/index.ts'
import { Advisories } from '../advisories/index.ts'
import { DiskRoom, minFreeOf, PurgeList } from '../cache/index.ts'
import type { LoadedConfig } from '../config/index.ts'
import { NodeError } from '../errors.ts'
import { createIdentity, type Identity, readIdentity, saveIdentity } from '../identity/identity-file.ts'
import { mergeInWorker, openSearchIndex } from '../index/index.ts'
import { InstallJournal } from '../installs/index.ts'
import { IncomingBytes } from '../library/incoming-bytes.ts'
import { Library } from '../library/library.ts'
import { RelationBook } from '../library/relation-book.ts'
import { ServeGate } from '../library/serve-gate.ts'
import { createLog } from '../log.ts'
import { nameListsOf, readNameLists } from '../look-alikes/index.ts'
import { Anchors } from '../network/anchors.ts'
import { PeerBook } from '../network/peer-book.ts'
import { PolicyStore } from '../policy/index.ts'
import {
  type DataDirectory,
  forgetMarked,
  type LevelDatabase,
  openArtifactStore,
  openAuditLog,
  openForeignBlocks,
  openLevelDatabase,
  RecordStore,
} from '../storage/index.ts'
import { TokenBook } from '../tokens/index.ts'
import { UpstreamBook } from '../upstream/index.ts'
import { openCache, purgeBytesOf, purgedOnArrival } from './open-cache.ts'
import { requireNetwork } from './require-network.ts'

/** Everything a node has on disk, opened. */
export type OpenHome = Awaited<ReturnType<typeof openHome>>

/** Opens keys, records, artifacts and decisions; makes the keys at the first start. */
export async function openHome(stack: AsyncDisposableStack, paths: DataDirectory, { config }: LoadedConfig) {
  const stored = await readIdentity(paths.home)
  const database = stack.use(await openLevelDatabase(paths.database))
  await forgetMarked(database)
  const identity = stored ?? (await makeIdentity(paths.home, database))
  const corrupt = new Set<() => void>()
  const purges = await PurgeList.open(join(paths.state, 'purged.json'))
  const disk = new DiskRoom({ folder: paths.content, minFree: minFreeOf(config.cache) })
  const artifacts = await openArtifactStore({
    database,
    folder: paths.content,
    denied: purges,
    requireRoom: () => disk.requireRoom(),
    onCorrupt: () => {
      for (const listener of corrupt) listener()
    },
  })
  const foreign = await openForeignBlocks(database)
  const purgeBytes = purgeBytesOf(artifacts, foreign)
  const isPurged = purgedOnArrival(purges, artifacts, purgeBytes)
  // What a crash left between the decision to purge and the deed.
  for (const purge of purges.list()) await purgeBytes(purge)
  const index = stack.use(
    await openSearchIndex(database.table('index'), {
      runMerge: mergeInWorker({ location: database.folder, sublevel: 'index' }),
      onMergeFailed: err =>
        createLog().error({ err }, 'the search index was not merged; it goes on without, and tries again later'),
    }),
  )
  const installs = stack.use(
    await InstallJournal.open({ database, onProblem: (message, err) => createLog().error({ err }, message) }),
  )
  const relations = await RelationBook.open(join(paths.state, 'relations.json'))
  const library = await Library.open({
    ...{ net: config.network.id, database, records: new RecordStore(database), index },
    use: {
      installsOf: (publisher, name) => installs.installsOf(publisher, name),
      pinOf: name => relations.pinOf(name),
    },
  })
  await requireNetwork(library, config.network.id, identity)
  installs.onCounted(names => library.rerank(names))
  const incoming = new IncomingBytes(library.access, artifacts)
  const cached = await openCache(stack, { paths, config, database, artifacts, incoming, library, relations })
  const upstreamBook = await UpstreamBook.open(join(paths.state, 'upstreams.json'))
  const peers = await PeerBook.open(join(paths.state, 'peers.json'), message => createLog().warn(message))
  stack.defer(() => peers.settled())
  const anchors = await Anchors.open(join(paths.state, 'anchors.json'))
  stack.defer(() => anchors.settled())
  const tokens = stack.use(await TokenBook.open(join(paths.state, 'tokens.json')))
  const audit = stack.use(await openAuditLog(paths.auditLog))
  const policy = stack.use(
    await PolicyStore.open({
      ...{ home: paths.home, state: paths.state, audit, now: Date.now },
      firstInstallOf: (name, version) => installs.firstOf(name, version),
      onFault: (message, err) => createLog().error({ err }, message),
    }),
  )
  const advisories = new Advisories(database)
  const nameLists = {
    mostUsed: await readNameLists(paths.home),
    installed: nameListsOf([...new Set((await installs.since(0)).map(({ purl }) => shortNameOf(purl)))].sort()),
  }
  const gate = new ServeGate(library.access, artifacts, relations, config.share.upstreams)
  /** Called when an artifact's bytes were found altered and withdrawn. */
  const onCorrupt = (listener: () => void) => corrupt.add(listener)
  return {
    paths,
    identity,
    database,
    artifacts,
    foreign,
    library,
    relations,
    peers,
    anchors,
    audit,
    gate,
    onCorrupt,
    upstreamBook,
    tokens,
    installs,
    policy,
    advisories,
    nameLists,
    purges,
    purgeBytes,
    isPurged,
    disk,
    incoming,
    ...cached,
  }
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

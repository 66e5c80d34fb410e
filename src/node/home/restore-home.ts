import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { parseRecordOnPool, type UnderstoodBody, type WellFormedRecord } from '../../protocol/index.ts'
import { type ConfigSources, loadConfig } from '../config/index.ts'
import { NodeError } from '../errors.ts'
import { createSigningKey, signingKeyOf } from '../identity/ed25519-key.ts'
import { type Identity, readIdentity, saveIdentity } from '../identity/identity-file.ts'
import { publisherOf } from '../library/own-root.ts'
import { POLICY_FILE, POLICY_STATE_FILES } from '../policy/index.ts'
import {
  type ArtifactStore,
  type Backup,
  type DataDirectory,
  isThere,
  openArtifactStore,
  openDataDirectory,
  openLevelDatabase,
  RecordStore,
  readBackup,
  replaceFile,
} from '../storage/index.ts'
import { openKeys } from '../use-cases/backup.ts'
import { CACHE_STATE_FILES } from './cache-state-files.ts'

export interface RestoreOptions {
  /** Root records may be written before a peer told of newer ones: they may fork. */
  readonly offline: boolean
  /** Tried in turn. */
  readonly passphrases: readonly string[]
  /** `HANSE_*` variables: the network that the publisher's id is of may be named by one alone. */
  readonly env?: ConfigSources['env']
}

/**
 * Brings a publisher back on an empty home: its records, decisions and own bytes, with a new node key and new writer keys,
 * because the old feeds may have gone on after the backup. The new writer keys are delegated before the first write, after
 * peers were asked for a longer root feed. With `offline`, a home that still waits for such a peer stops waiting.
 * A failure leaves the folder as it was. The answer says what could not be brought back, in records and artifacts.
 * @throws NodeError E_HOME_EXISTS, E_BACKUP; StorageError E_BACKUP_CORRUPT, E_BACKUP_NEWER, E_HOME_IN_USE
 */
export async function restoreHome(home: string, file: string, options: RestoreOptions): Promise<object> {
  const backup = await readBackup(file)
  const identity = restoredIdentity(backup, options)
  const wasThere = await isThere(home)
  const before = wasThere ? await entriesOf(home) : []
  if (before.length > 0 && !before.includes('identity.json')) throw homeExists(home, before)
  await using paths = await openDataDirectory(home)
  const present = await readIdentity(home)
  if (present !== null) return await goOffline(home, present, identity, options)
  if (before.length > 0) throw homeExists(home, before)
  try {
    return { home, ...(await fill(paths, backup, identity, options)), next: nextOf(options) }
  } catch (error) {
    const made = wasThere ? (await entriesOf(home)).map(name => join(home, name)) : [home]
    for (const path of made) await rm(path, { recursive: true, force: true })
    throw error
  }
}

/** What is in a folder, but for what a file system or a process that ended leaves in an empty one. */
async function entriesOf(folder: string): Promise<string[]> {
  // What is no folder is refused as it is opened.
  const names = (await stat(folder)).isDirectory() ? await readdir(folder) : []
  return names.filter(name => !/^(\.|lock(\.|$)|lost\+found$)/.test(name))
}

async function fill(paths: DataDirectory, backup: Backup, identity: Identity, { env = {} }: RestoreOptions) {
  const { home } = paths
  await restoreState(paths, backup)
  const { config } = await loadConfig({ home, env })
  const publisher = publisherOf(config.network.id, identity)
  if (publisher !== backup.publisher)
    throw new NodeError('E_BACKUP', `the keys are those of ${publisher}, not of ${backup.publisher}`, {
      hint: `HANSE_NETWORK_ID=ID hanse restore …, with the id that the node ran with: here it is network ${config.network.id}`,
    })
  await using database = await openLevelDatabase(paths.database)
  const records = new RecordStore(database)
  let restored = 0
  const behindGaps: WellFormedRecord[] = []
  for await (const envelope of backup.envelopes()) {
    const { stored, refused } = await records.append([await parseRecordOnPool(envelope, { net: config.network.id })])
    restored += stored.length
    behindGaps.push(...refused.map(({ record }) => record))
  }
  const artifacts = await openArtifactStore({ database, folder: paths.content })
  let kept = 0
  for await (const { sha256, size, bytes } of backup.artifacts()) {
    await artifacts.marks.markOwn([sha256])
    await artifacts.add(Readable.from(bytes), { sha256, size })
    kept++
  }
  await saveIdentity(home, identity)
  return { publisher, records: restored, artifacts: kept, ...(await leftOutOf(backup, behindGaps, artifacts)) }
}

/** What the publisher released and this home lacks; the old feeds go no further than their gaps, because new ones take their place. */
async function leftOutOf({ leftOut }: Backup, behindGaps: readonly WellFormedRecord[], artifacts: ArtifactStore) {
  const leftOutRecords = (leftOut?.records ?? 0) + behindGaps.length
  const leftOutArtifacts = leftOut?.artifacts ?? 0
  if (leftOutRecords + leftOutArtifacts === 0) return { leftOutRecords, leftOutArtifacts }
  if (behindGaps.length === 0)
    return { leftOutRecords, leftOutArtifacts, note: 'what is left out was lost before the backup was made' }
  const note = `${behindGaps.length} records stand behind lost ones: publish again, under its own name, what they released`
  const publishAgain = []
  for (const { understood } of behindGaps)
    for (const released of releasedIn(understood))
      if (await artifacts.has(released.sha256))
        publishAgain.push({ ...released, file: artifacts.pathOf(released.sha256) })
  return { leftOutRecords, leftOutArtifacts, note, publishAgain }
}

function* releasedIn(body: UnderstoodBody | null) {
  if (body?.typ !== 'ops') return
  for (const op of body.ops) {
    if (op.op !== 'release') continue
    for (const { name, sha256 } of op.artifacts) yield { purl: op.purl, name, sha256 }
  }
}

/** What is in no backup and is missed without anyone noticing: protection against malware first. */
const MAKE_AGAIN = 'then hanse advisory import PATH and hanse token create again'

const nextOf = ({ offline }: Pick<RestoreOptions, 'offline'>): string =>
  offline
    ? `hanse start, ${MAKE_AGAIN}; root records written after the backup and unknown here make a fork`
    : `hanse start, ${MAKE_AGAIN}; the first publish waits for a peer that knows this publisher`

/** A restored home without a peer that knows its publisher goes on by itself; nothing else of it changes. */
async function goOffline(
  home: string,
  present: Identity,
  restored: Identity,
  { offline }: RestoreOptions,
): Promise<object> {
  const isWaiting = offline && present.restored === 'awaits-peers'
  const isSame = Buffer.from(present.root.publicKey).equals(restored.root.publicKey)
  if (!isWaiting || !isSame) throw homeExists(home)
  await saveIdentity(home, { ...present, restored: 'offline' })
  return { home, records: 0, artifacts: 0, next: nextOf({ offline: true }) }
}

const homeExists = (home: string, entries: readonly string[] = ['identity.json']) =>
  new NodeError('E_HOME_EXISTS', `${home} is not empty: it has ${entries.slice(0, 3).join(', ')}`, {
    hint: 'restore into another home: --home DIR; move a config.yaml or policy.yaml of your own there after it',
  })

async function restoreState(paths: { home: string; state: string }, backup: Backup): Promise<void> {
  for (const [name, folder] of [
    ['relations.json', paths.state],
    ['peers.json', paths.state],
    ['config.yaml', paths.home],
    [POLICY_FILE, paths.home],
    ...[...POLICY_STATE_FILES, ...CACHE_STATE_FILES].map(name => [name, paths.state] as const),
  ] as const) {
    const bytes = backup.state.get(name)
    if (bytes !== undefined) await replaceFile(join(folder, name), bytes, 0o600)
  }
}

function restoredIdentity(backup: Backup, { offline, passphrases }: RestoreOptions): Identity {
  const { root, recovery, salt, createdAt } = openKeys(backup.keys, passphrases)
  return {
    node: createSigningKey(),
    root: signingKeyOf(root),
    recovery: signingKeyOf(recovery),
    writers: { public: createSigningKey(), private: createSigningKey() },
    audiences: [],
    salt,
    createdAt,
    recoveryExported: true,
    restored: offline ? 'offline' : 'awaits-peers',
  }
}

import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { z } from 'zod'
import { type PublisherId, ROOT_FEED, type Sha256 } from '../../protocol/index.ts'
import type { ArtifactStore } from './artifact-store.ts'
import { BACKUP_FORMAT, corrupt, readBackupLines } from './backup-lines.ts'
import { StorageError, systemCodeOf } from './errors.ts'
import type { Damage } from './record-scan.ts'
import type { RecordStore } from './record-store.ts'

/** What goes into a backup. */
export interface BackupSource {
  readonly records: RecordStore
  readonly artifacts: ArtifactStore
  /** The publisher this node writes for: its records are taken, all others can be fetched again. */
  readonly publisher: PublisherId
  /** The bytes that a record of the publisher names: they are taken with it. */
  readonly bytesNamedIn: (envelope: Uint8Array) => Iterable<Sha256>
  /** Root and recovery keys, encrypted; opaque here. */
  readonly keys: Uint8Array
  /** Documents of local state by name (`relations.json`). */
  readonly state: ReadonlyMap<string, Uint8Array>
  /** ms since 1970. */
  readonly at: number
}

/** The document of state that says what is not in a backup. */
const LEFT_OUT = 'left-out.json'
const leftOutSchema = z.strictObject({ records: z.int().nonnegative(), artifacts: z.int().nonnegative() })

/** What belongs in a backup and was not there to be taken: lost records, and bytes that records name. */
export type LeftOut = Readonly<z.infer<typeof leftOutSchema>>

/** A backup whose digest was checked from end to end; its long parts are read again as they are asked for. */
export interface Backup {
  readonly publisher: PublisherId
  readonly at: number
  readonly keys: Uint8Array
  readonly state: ReadonlyMap<string, Uint8Array>
  /** Null in a backup of a program that did not count. */
  readonly leftOut: LeftOut | null
  /** Envelopes in the order they can be appended; their signatures are still to be verified. */
  envelopes(): AsyncGenerator<Uint8Array>
  /** Each artifact's bytes must be read to their end before the next artifact is asked for. */
  artifacts(): AsyncGenerator<{
    readonly sha256: Sha256
    readonly size: number
    readonly bytes: AsyncIterable<Uint8Array>
  }>
}

/** Reads every record that goes into a backup, so that what keeps it from being made is said before a byte of it. @throws StorageError E_RECORD_CORRUPT */
export async function requireSoundRecords({ records, publisher }: BackupSource): Promise<void> {
  for await (const _ of records.records(publisher, refuseDamage));
}

/** A backup as gzip bytes, of one moment of the records, taken while the node runs; why it broke off is told to `onFailed`. */
export function backupStream(source: BackupSource, onFailed: (error: unknown) => void = () => {}): Readable {
  const gzip = createGzip()
  pipeline(Readable.from(textOf(source)), gzip).catch(error => {
    // Whoever asked for it went away.
    if (systemCodeOf(error) !== 'ERR_STREAM_PREMATURE_CLOSE') onFailed(error)
  })
  return gzip
}

/** Opens a backup, after reading all of it once. @throws StorageError E_BACKUP_CORRUPT, E_BACKUP_NEWER. */
export async function readBackup(file: string): Promise<Backup> {
  let header: { publisher: string; at: number } | null = null
  let keys: Uint8Array | null = null
  const state = new Map<string, Uint8Array>()
  for await (const line of readBackupLines(file)) {
    if ('backup' in line) header = line.backup
    if ('keys' in line) keys = line.keys
    if ('state' in line) state.set(line.state.name, line.state.bytes)
  }
  if (header === null || keys === null) throw corrupt('has no header or no keys')
  const { publisher, at } = header
  return {
    publisher: publisher as PublisherId,
    at,
    keys,
    state,
    leftOut: leftOutIn(state),
    envelopes: () => envelopesIn(file),
    artifacts: () => artifactsIn(file),
  }
}

function leftOutIn(state: ReadonlyMap<string, Uint8Array>): LeftOut | null {
  const bytes = state.get(LEFT_OUT)
  if (bytes === undefined) return null
  try {
    return leftOutSchema.parse(JSON.parse(Buffer.from(bytes).toString()))
  } catch (cause) {
    throw corrupt(`has a ${LEFT_OUT} that is none`, cause)
  }
}

/** The lines of the file: header, keys, state, records, artifacts in chunks, what was left out, trailer. */
async function* textOf(source: BackupSource): AsyncGenerator<string> {
  const digest = createHash('sha256')
  let lines = 0
  for await (const value of valuesOf(source)) {
    const line = `${JSON.stringify(value)}\n`
    digest.update(line)
    lines++
    yield line
  }
  yield `${JSON.stringify({ end: { lines, sha256: digest.digest('hex') } })}\n`
}

async function* valuesOf({
  records,
  artifacts,
  publisher,
  bytesNamedIn,
  keys,
  state,
  at,
}: BackupSource): AsyncGenerator<object> {
  yield { backup: { format: BACKUP_FORMAT, publisher, at } }
  yield { keys: base64(keys) }
  for (const [name, bytes] of state) yield { state: { name, bytes: base64(bytes) } }
  let lost = 0
  const onDamage = (damage: Damage) => {
    refuseDamage(damage)
    lost++
  }
  const named = new Set<Sha256>()
  for await (const { envelope } of records.records(publisher, onDamage)) {
    for (const sha256 of bytesNamedIn(envelope)) named.add(sha256)
    yield { record: base64(envelope) }
  }
  // The bytes of a lost record are still marked: should the record come back, they must be there.
  const wanted = new Set(named)
  for await (const sha256 of artifacts.marks.listOwn()) wanted.add(sha256)
  let missing = 0
  for (const sha256 of wanted) {
    const held = await artifacts.open(sha256)
    if (held !== null) yield* artifactValuesOf(sha256, held)
    else if (named.has(sha256)) missing++
  }
  const leftOut: LeftOut = { records: lost, artifacts: missing }
  yield { state: { name: LEFT_OUT, bytes: base64(Buffer.from(JSON.stringify(leftOut))) } }
}

type OpenArtifact = NonNullable<Awaited<ReturnType<ArtifactStore['open']>>>

async function* artifactValuesOf(sha256: Sha256, { size, bytes }: OpenArtifact): AsyncGenerator<object> {
  yield { artifact: { sha256, size } }
  for await (const chunk of bytes) yield { chunk: base64(chunk) }
}

/** A marked loss in a writer feed is left out, as the way on for who has no older backup; a root feed with one would fork after `restore`. */
function refuseDamage({ feed, lost, problem }: Damage): void {
  if (lost !== null && feed !== ROOT_FEED) return
  throw new StorageError('E_RECORD_CORRUPT', problem, { hint: 'stop the node, then: hanse doctor --repair' })
}

async function* envelopesIn(file: string): AsyncGenerator<Uint8Array> {
  for await (const line of readBackupLines(file)) if ('record' in line) yield line.record
}

async function* artifactsIn(file: string): ReturnType<Backup['artifacts']> {
  const lines = readBackupLines(file)
  try {
    for (let next = await lines.next(); !next.done; ) {
      if (!('artifact' in next.value)) {
        next = await lines.next()
        continue
      }
      const { sha256, size } = next.value.artifact
      async function* bytes() {
        for (next = await lines.next(); !next.done && 'chunk' in next.value; next = await lines.next())
          yield next.value.chunk
      }
      yield { sha256: sha256 as Sha256, size, bytes: bytes() }
      if (!next.done && 'artifact' in next.value && next.value.artifact.sha256 === sha256) next = await lines.next()
    }
  } finally {
    await lines.return(undefined)
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

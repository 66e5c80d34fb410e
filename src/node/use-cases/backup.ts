import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { z } from 'zod'
import { NodeError } from '../errors.ts'
import { CACHE_STATE_FILES } from '../home/cache-state-files.ts'
import { releasedBytesOf } from '../library/feed-access.ts'
import { createLog } from '../log.ts'
import type { NodeContext } from '../node-context.ts'
import { POLICY_FILE, POLICY_STATE_FILES } from '../policy/index.ts'
import { type BackupSource, backupStream, readErrorOf, requireSoundRecords, systemCodeOf } from '../storage/index.ts'

/** RFC 7914 section 2: cost of the passphrase; about 100 ms and 32 MiB. */
const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }
const KEY_BYTES = 32
const SALT_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Root and recovery key, the only secrets of a backup: a restored node makes its other keys anew. */
interface SealedKeys {
  readonly root: Uint8Array
  readonly recovery: Uint8Array
  readonly salt: Uint8Array
  readonly createdAt: number
}

/** First byte of sealed keys: scrypt and AES-256-GCM, the only way so far. */
const SCRYPT_AES_GCM = 1

/** Encrypts keys with AES-256-GCM under a passphrase. */
export function sealKeys(keys: SealedKeys, passphrase: string): Uint8Array {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  const { root, recovery, createdAt } = keys
  const text = JSON.stringify({ root: hex(root), recovery: hex(recovery), salt: hex(keys.salt), createdAt })
  const salt = randomBytes(SALT_BYTES)
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', scryptSync(passphrase, salt, KEY_BYTES, SCRYPT), nonce)
  const sealed = Buffer.concat([cipher.update(text), cipher.final()])
  return Buffer.concat([Buffer.from([SCRYPT_AES_GCM]), salt, nonce, cipher.getAuthTag(), sealed])
}

/** Opens sealed keys with the first passphrase that fits. @throws NodeError E_BACKUP if none does or the keys were altered */
export function openKeys(sealed: Uint8Array, passphrases: readonly string[]): SealedKeys {
  for (const passphrase of passphrases) {
    const text = textOf(Buffer.from(sealed), passphrase)
    if (text !== null) return parseKeys(text)
  }
  const hint = 'put FILE.key, which hanse backup wrote, beside FILE; or set HANSE_BACKUP_PASSPHRASE'
  const why =
    passphrases.length === 0 ? 'are encrypted and no passphrase was given' : 'do not open with this passphrase'
  throw new NodeError('E_BACKUP', `the keys in the backup ${why}`, { hint })
}

function textOf(bytes: Buffer, passphrase: string): string | null {
  if (bytes[0] !== SCRYPT_AES_GCM)
    throw new NodeError('E_BACKUP', 'the keys in the backup are sealed in an unknown way')
  const nonceAt = 1 + SALT_BYTES
  const tagAt = nonceAt + NONCE_BYTES
  try {
    const key = scryptSync(passphrase, bytes.subarray(1, nonceAt), KEY_BYTES, SCRYPT)
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(nonceAt, tagAt))
    decipher.setAuthTag(bytes.subarray(tagAt, tagAt + TAG_BYTES))
    return Buffer.concat([decipher.update(bytes.subarray(tagAt + TAG_BYTES)), decipher.final()]).toString()
  } catch {
    return null // another passphrase, or altered bytes: GCM does not tell them apart
  }
}

const bytesOf = (length: number) =>
  z
    .hex()
    .length(2 * length)
    .transform(text => new Uint8Array(Buffer.from(text, 'hex')))
const keysSchema = z.strictObject({
  root: bytesOf(32),
  recovery: bytesOf(32),
  salt: bytesOf(16),
  createdAt: z.int().nonnegative(),
})

function parseKeys(text: string): SealedKeys {
  try {
    return keysSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new NodeError('E_BACKUP', 'the keys in the backup are not what this program writes', { cause })
  }
}

/**
 * A consistent backup of what cannot be fetched again, taken while the node runs; its keys are encrypted under the passphrase.
 * @throws NodeError E_BACKUP without one; StorageError E_RECORD_CORRUPT, E_FILE, before any of it is answered
 */
export async function backup(node: NodeContext, passphrase: string | undefined, who: string): Promise<Readable> {
  if (passphrase === undefined || passphrase === '') {
    throw new NodeError('E_BACKUP', 'a backup needs a passphrase for its keys', { hint: 'set HANSE_BACKUP_PASSPHRASE' })
  }
  const identity = node.identity()
  const state = new Map<string, Uint8Array>()
  for (const [name, path] of [
    ['relations.json', join(node.paths.state, 'relations.json')],
    ['peers.json', join(node.paths.state, 'peers.json')],
    ['config.yaml', join(node.paths.home, 'config.yaml')],
    [POLICY_FILE, join(node.paths.home, POLICY_FILE)],
    ...[...POLICY_STATE_FILES, ...CACHE_STATE_FILES].map(name => [name, join(node.paths.state, name)] as const),
  ] as const) {
    const bytes = await stateFileAt(path)
    if (bytes !== null) state.set(name, bytes)
  }
  const source: BackupSource = {
    records: node.library.records,
    artifacts: node.artifacts,
    publisher: node.writer.publisher,
    // Whether they count or stand behind a gap; and public ones too: a mirror that has them may be gone. Upstreams' bytes are not ours.
    bytesNamedIn: envelope => releasedBytesOf(node.parseStored(envelope).understood),
    keys: sealKeys(
      {
        root: identity.root.seed,
        recovery: identity.recovery.seed,
        salt: identity.salt,
        createdAt: identity.createdAt,
      },
      passphrase,
    ),
    state,
    at: Date.now(),
  }
  await requireSoundRecords(source)
  await node.audit.append({ at: Date.now(), who, what: 'backup' })
  return backupStream(source, err => createLog().error({ err }, 'a backup broke off'))
}

/** Null where there is none: one that is there and cannot be read must not be missing from a backup. @throws StorageError E_FILE */
async function stateFileAt(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null
    throw readErrorOf(error, path)
  }
}

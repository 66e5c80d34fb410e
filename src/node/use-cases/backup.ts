import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Sha256 } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { NodeContext } from '../node-context.ts'
import { backupStream } from '../storage/index.ts'

/** RFC 7914 section 2: cost of the passphrase; about 100 ms and 32 MiB. */
const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }
const KEY_BYTES = 32
const SALT_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Root and recovery key, the only secrets of a backup: a restored node makes its other keys anew. */
export interface SealedKeys {
  readonly root: Uint8Array
  readonly recovery: Uint8Array
  readonly salt: Uint8Array
  readonly createdAt: number
}

/** Encrypts keys with AES-256-GCM under a passphrase; without one they lie open in a file of mode 0600. */
export function sealKeys(keys: SealedKeys, passphrase: string | undefined): Uint8Array {
  const text = Buffer.from(
    JSON.stringify({
      root: Buffer.from(keys.root).toString('hex'),
      recovery: Buffer.from(keys.recovery).toString('hex'),
      salt: Buffer.from(keys.salt).toString('hex'),
      createdAt: keys.createdAt,
    }),
  )
  if (passphrase === undefined) return Buffer.concat([Buffer.from([0]), text])
  const salt = randomBytes(SALT_BYTES)
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', scryptSync(passphrase, salt, KEY_BYTES, SCRYPT), nonce)
  const sealed = Buffer.concat([cipher.update(text), cipher.final()])
  return Buffer.concat([Buffer.from([1]), salt, nonce, cipher.getAuthTag(), sealed])
}

/** @throws NodeError E_BACKUP for a wrong passphrase or altered keys */
export function openKeys(sealed: Uint8Array, passphrase: string | undefined): SealedKeys {
  const bytes = Buffer.from(sealed)
  try {
    const { root, recovery, salt, createdAt } = JSON.parse(textOf(bytes, passphrase)) as Record<string, string>
    const raw = (hex = '') => new Uint8Array(Buffer.from(hex, 'hex'))
    return { root: raw(root), recovery: raw(recovery), salt: raw(salt), createdAt: Number(createdAt) }
  } catch (cause) {
    if (cause instanceof NodeError) throw cause
    throw new NodeError('E_BACKUP', 'the keys in the backup cannot be opened', {
      cause,
      hint: 'HANSE_BACKUP_PASSPHRASE has the passphrase',
    })
  }
}

function textOf(bytes: Buffer, passphrase: string | undefined): string {
  if (bytes[0] === 0) return bytes.subarray(1).toString()
  if (passphrase === undefined) {
    throw new NodeError('E_BACKUP', 'the keys in the backup are encrypted', { hint: 'set HANSE_BACKUP_PASSPHRASE' })
  }
  const salt = bytes.subarray(1, 1 + SALT_BYTES)
  const nonce = bytes.subarray(1 + SALT_BYTES, 1 + SALT_BYTES + NONCE_BYTES)
  const tagAt = 1 + SALT_BYTES + NONCE_BYTES
  const decipher = createDecipheriv('aes-256-gcm', scryptSync(passphrase, salt, KEY_BYTES, SCRYPT), nonce)
  decipher.setAuthTag(bytes.subarray(tagAt, tagAt + TAG_BYTES))
  return Buffer.concat([decipher.update(bytes.subarray(tagAt + TAG_BYTES)), decipher.final()]).toString()
}

/** A consistent backup of what cannot be fetched again, taken while the node runs. */
export async function backup(node: NodeContext, passphrase: string | undefined): Promise<Readable> {
  const identity = node.identity()
  const state = new Map<string, Uint8Array>()
  for (const [name, path] of [
    ['relations.json', join(node.paths.state, 'relations.json')],
    ['peers.json', join(node.paths.state, 'peers.json')],
    ['config.yaml', join(node.paths.home, 'config.yaml')],
  ] as const) {
    const bytes = await readFile(path).catch(() => null)
    if (bytes !== null) state.set(name, bytes)
  }
  await node.audit.append({ at: Date.now(), who: 'api', what: 'backup' })
  return backupStream({
    records: node.library.records,
    artifacts: node.artifacts,
    publisher: node.writer.publisher,
    only: await ownArtifactsOf(node),
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
  })
}

/** Bytes of own releases that no mirror is known to hold. */
async function ownArtifactsOf(node: NodeContext): Promise<Sha256[]> {
  const own = node.writer.publisher
  const packages = [...(node.library.catalogue.publisher(own)?.packages.values() ?? [])]
  const releases = packages.flatMap(state => [...state.releases.values()])
  return [...new Set(releases.flatMap(release => release.artifacts.map(({ artifact }) => artifact.sha256)))]
}

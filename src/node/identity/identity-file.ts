import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { NodeError } from '../errors.ts'
import { readText, replaceFile } from '../storage/json-file.ts'
import { createSigningKey, type SigningKey, signingKeyOf } from './ed25519-key.ts'

const seed = z.string().regex(/^[0-9a-f]{64}$/)
/** What this node calls a list of peers that a listed feed is for. */
export const AUDIENCE_NAME = /^[a-z][a-z0-9-]{0,31}$/
const VERSION = 3
const schema = z.strictObject({
  /** 2 added `restored`, 3 `audiences`; a file without audiences stays 2, which older programs read. */
  version: z.literal([1, 2, VERSION]),
  /** Ed25519 seeds, hex. */
  node: seed,
  root: seed,
  recovery: seed,
  writers: z.strictObject({ public: seed, private: seed }),
  audiences: z.array(z.strictObject({ name: z.string().regex(AUDIENCE_NAME), seed })).optional(),
  /** Random bytes of the genesis, hex: two publishers with the same keys are two publishers. */
  salt: z.string().regex(/^[0-9a-f]{32}$/),
  recoveryExported: z.boolean(),
  /** Claimed time of the genesis, ms. */
  createdAt: z.int().nonnegative(),
  restored: z.enum(['awaits-peers', 'offline']).nullable().default(null),
})
type IdentityDocument = z.infer<typeof schema>

/** Every key this node holds: its own, and those of the publisher it writes for. */
export interface Identity {
  /** Authenticates connections, signs no release. */
  readonly node: SigningKey
  readonly root: SigningKey
  readonly recovery: SigningKey
  readonly writers: { readonly public: SigningKey; readonly private: SigningKey }
  /** Keys of the listed feeds, by the names that their audiences have here. */
  readonly audiences: readonly { readonly name: string; readonly key: SigningKey }[]
  readonly salt: Uint8Array
  readonly recoveryExported: boolean
  readonly createdAt: number
  /**
   * How the keys came back from a backup, null where they were made. `awaits-peers`: the root feed may have gone on after the
   * backup, so no root record is written before a peer that knows the publisher answered. `offline`: that risk was accepted.
   */
  readonly restored: 'awaits-peers' | 'offline' | null
}

/** Where the keys lie: one file, mode 0600. */
const identityPathOf = (home: string): string => join(home, 'identity.json')

function identityOf(document: IdentityDocument): Identity {
  const key = (hex: string) => signingKeyOf(new Uint8Array(Buffer.from(hex, 'hex')))
  return {
    node: key(document.node),
    root: key(document.root),
    recovery: key(document.recovery),
    writers: { public: key(document.writers.public), private: key(document.writers.private) },
    audiences: (document.audiences ?? []).map(({ name, seed }) => ({ name, key: key(seed) })),
    salt: new Uint8Array(Buffer.from(document.salt, 'hex')),
    recoveryExported: document.recoveryExported,
    createdAt: document.createdAt,
    restored: document.restored,
  }
}

/** A newer file is whole: nobody is to put another in its place. */
function requireKnownVersion(home: string, document: unknown): void {
  const { data: version } = z
    .object({ version: z.int() })
    .transform(each => each.version)
    .safeParse(document)
  if (version === undefined || version <= VERSION) return
  throw new NodeError('E_IDENTITY', `${identityPathOf(home)} has version ${version}, this program knows ${VERSION}`, {
    hint: 'start the newer program that wrote it; nothing in this home is damaged',
  })
}

/** Writes the identity file whole or not at all. */
export async function saveIdentity(home: string, identity: Identity): Promise<void> {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  const document: IdentityDocument = {
    version: identity.audiences.length > 0 ? VERSION : 2,
    node: hex(identity.node.seed),
    root: hex(identity.root.seed),
    recovery: hex(identity.recovery.seed),
    writers: { public: hex(identity.writers.public.seed), private: hex(identity.writers.private.seed) },
    ...(identity.audiences.length > 0
      ? { audiences: identity.audiences.map(({ name, key }) => ({ name, seed: hex(key.seed) })) }
      : {}),
    salt: hex(identity.salt),
    recoveryExported: identity.recoveryExported,
    createdAt: identity.createdAt,
    restored: identity.restored,
  }
  await replaceFile(identityPathOf(home), Buffer.from(`${JSON.stringify(document, null, 2)}\n`), 0o600)
}

/** New random keys; a recovery key is there from the first record, else none could ever be used. */
export function createIdentity(now: number): Identity {
  return {
    node: createSigningKey(),
    root: createSigningKey(),
    recovery: createSigningKey(),
    writers: { public: createSigningKey(), private: createSigningKey() },
    audiences: [],
    salt: new Uint8Array(randomBytes(16)),
    recoveryExported: false,
    createdAt: now,
    restored: null,
  }
}

/** The identity of a home, or null where there is none yet. @throws NodeError E_IDENTITY for a broken file; StorageError E_FILE */
export async function readIdentity(home: string): Promise<Identity | null> {
  const text = await readText(identityPathOf(home))
  if (text === null) return null
  try {
    const document: unknown = JSON.parse(text)
    requireKnownVersion(home, document)
    return identityOf(schema.parse(document))
  } catch (cause) {
    if (cause instanceof NodeError) throw cause
    throw new NodeError('E_IDENTITY', `${identityPathOf(home)} is not an identity file`, {
      cause,
      hint: 'put identity.json back from a copy, or restore a backup into another home: hanse restore FILE --home DIR',
    })
  }
}

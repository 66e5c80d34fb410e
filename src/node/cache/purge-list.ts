import { createHash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { z } from 'zod'
import type { BlockId, PackageName, Sha256 } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import { type DeniedBytes, readJsonFile, replaceJsonFile } from '../storage/index.ts'

/** Purges of one node: each is a legal decision that somebody wrote down. */
const MAX_PURGES = 10_000
/** Names under which one artifact is known: forks of a package, and its mirrors' upstreams. */
export const MAX_PURGED_NAMES = 64
/** Characters of a reference, which stands in a reason phrase of HTTP. */
const MAX_REFERENCE_CHARS = 120

/** What may stand in an HTTP reason phrase. */
export const referenceSchema = z
  .string()
  .trim()
  .regex(/^[ -~]+$/, 'must be printable ASCII on one line')
  .min(1)
  .max(MAX_REFERENCE_CHARS)
const nameSchema = z.strictObject({
  purl: z.string().regex(/^pkg:/).max(1024),
  version: z.string().min(1).max(256),
})
const entrySchema = z.strictObject({
  at: z.int().nonnegative(),
  who: z.string().max(256),
  reference: referenceSchema,
  cid: z
    .string()
    .regex(/^b[a-z2-7]{58}$/)
    .nullable(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  names: z.array(nameSchema).max(MAX_PURGED_NAMES),
})
const schema = z.strictObject({ version: z.literal(1), purged: z.array(entrySchema).max(MAX_PURGES) })

/** One version of a package. */
export interface PurgedName {
  readonly purl: PackageName
  readonly version: string
}

/** Bytes, or a version whose bytes were never here, that are gone for good. */
export interface Purge {
  /** Ms since 1970. */
  readonly at: number
  readonly who: string
  /** The legal decision, as people look it up. */
  readonly reference: string
  readonly cid: BlockId | null
  readonly sha256: Sha256 | null
  readonly names: readonly PurgedName[]
}

/** What was purged, in `state/purged.json`: the deny-list of every door. */
export class PurgeList implements DeniedBytes {
  readonly #path: string
  #purges: readonly Purge[] = []
  #byDigest = new Map<string, Purge>()
  #byBlock = new Map<string, Purge>()
  #byName = new Map<string, Purge>()
  #revision = ''
  #last: Promise<unknown> = Promise.resolve()

  private constructor(path: string, purges: readonly Purge[]) {
    this.#path = path
    this.#index(purges)
  }

  /** @throws StorageError E_FILE_CORRUPT, E_FILE: a node without its list would serve what it must not */
  static async open(path: string): Promise<PurgeList> {
    const found = await readJsonFile(path, schema)
    return new PurgeList(path, (found?.purged ?? []) as unknown as readonly Purge[])
  }

  list(): readonly Purge[] {
    return this.#purges
  }

  get isEmpty(): boolean {
    return this.#purges.length === 0
  }

  /** Changes exactly when the list does; empty while the list is. */
  get revision(): string {
    return this.#revision
  }

  whyOf({ sha256, cid }: { readonly sha256: Sha256; readonly cid?: BlockId }): string | null {
    if (this.#purges.length === 0) return null
    const purge = this.#byDigest.get(sha256) ?? (cid === undefined ? undefined : this.#byDigest.get(cid))
    return purge === undefined ? null : whyOf(purge)
  }

  hasBlock(multihash: string): boolean {
    return this.#byBlock.has(multihash)
  }

  /** Why a version may not be served, or null. */
  whyNot(purl: PackageName, version: string): string | null {
    const purge = this.#purges.length === 0 ? undefined : this.#byName.get(`${purl}@${version}`)
    return purge === undefined ? null : whyOf(purge)
  }

  /** Denies from now on, at once in memory and durable when it resolves. @throws NodeError E_USAGE when there are too many */
  add(purges: readonly Purge[]): Promise<void> {
    if (this.#purges.length + purges.length > MAX_PURGES) {
      throw new NodeError('E_USAGE', `${MAX_PURGES} purges stand already`, { hint: 'hanse purge --undo CID' })
    }
    return this.#change([...this.#purges, ...purges])
  }

  /** Puts what is known now in the place of what was known before. */
  replace(before: readonly Purge[], after: readonly Purge[]): Promise<void> {
    return this.#change([...this.#purges.filter(purge => !before.includes(purge)), ...after])
  }

  /** Adds the digest of a version that was purged before its bytes were known. */
  async learn(purl: PackageName, version: string, bytes: Pick<Purge, 'cid' | 'sha256'>): Promise<void> {
    const purge = this.#byName.get(`${purl}@${version}`)
    if (purge === undefined || purge.sha256 === bytes.sha256) return
    await this.replace(purge.sha256 === null ? [purge] : [], [{ ...purge, ...bytes }])
  }

  /** Takes purges back. */
  remove(purges: readonly Purge[]): Promise<void> {
    return this.#change(this.#purges.filter(purge => !purges.includes(purge)))
  }

  /** What is denied is denied also when the disk does not take the list: the caller hears of it. */
  #change(purges: readonly Purge[]): Promise<void> {
    this.#index(purges)
    const written = this.#last.then(() => replaceJsonFile(this.#path, { version: 1, purged: this.#purges }))
    this.#last = written.catch(() => {})
    return written
  }

  #index(purges: readonly Purge[]): void {
    this.#purges = purges
    this.#byDigest = new Map(
      purges.flatMap(each => [each.sha256, each.cid].flatMap(id => (id === null ? [] : [[id, each]]))),
    )
    this.#byBlock = new Map(purges.flatMap(each => multihashesOf(each).map(hash => [hash, each])))
    this.#byName = new Map(purges.flatMap(each => each.names.map(({ purl, version }) => [`${purl}@${version}`, each])))
    const text = JSON.stringify(purges)
    this.#revision = purges.length === 0 ? '' : createHash('sha256').update(text).digest('base64url').slice(0, 22)
  }
}

const whyOf = ({ reference }: Purge): string => `removed here for legal reasons: ${reference}`

/** Of the root block, and of the whole as one block. */
function multihashesOf({ cid, sha256 }: Purge): string[] {
  const root = cid === null ? [] : [Buffer.from(CID.parse(cid).multihash.bytes).toString('hex')]
  return sha256 === null ? root : [...root, `1220${sha256}`]
}

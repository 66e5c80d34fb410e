import { CID } from 'multiformats/cid'
import { z } from 'zod'
import type { ArtifactLayout } from '../../federation/index.ts'
import type { BlockId, Sha256 } from '../../protocol/index.ts'
import type { LevelDatabase, Write } from './level-database.ts'
import { MAX_LEAVES, MAX_STORED_ARTIFACT_BYTES } from './limits.ts'

/** What the database says of one artifact. */
export interface ArtifactEntry {
  readonly cid: BlockId
  readonly size: number
  readonly sha256: Sha256
  readonly leaves: readonly BlockId[]
  /** Its bytes on disk were found altered: it is served to nobody until fetched again. */
  readonly damaged: boolean
}

/** An artifact held whole. */
export type StoredArtifact = Pick<ArtifactEntry, 'cid' | 'size' | 'sha256'>

/** Where the bytes of a block are: in the database, or leaf `leaf` of an artifact's file. */
export type BlockPointer =
  | { readonly sha256: Sha256; readonly bytes: Uint8Array }
  | { readonly sha256: Sha256; readonly leaf: number }

/** Pointers looked at for one block: more artifacts than this that share a leaf add nothing. */
const MAX_POINTERS_READ = 64
const RAW = 0x55

/** The tables `artifacts` and `blocks`: which artifacts are held, and which block lies where. */
export class ArtifactIndex {
  readonly #database: LevelDatabase

  constructor(database: LevelDatabase) {
    this.#database = database
  }

  async entry(sha256: Sha256): Promise<ArtifactEntry | null> {
    const bytes = await this.#database.table('artifacts').get(sha256)
    return bytes === undefined ? null : decodeEntry(sha256, bytes)
  }

  /** The artifact with this root CID or sha-256 if it is held whole and undamaged, or null. */
  async held(id: BlockId | Sha256): Promise<ArtifactEntry | null> {
    const entry = isSha256(id) ? await this.entry(id) : await this.entryOf(id)
    return entry === null || entry.damaged ? null : entry
  }

  /** The artifact whose root this CID is, or null. */
  async entryOf(cid: BlockId): Promise<ArtifactEntry | null> {
    const { code, multihash } = CID.parse(cid)
    const named =
      code === RAW
        ? [hexOf(multihash.digest) as Sha256]
        : (await this.pointers(multihash.bytes)).map(each => each.sha256)
    for (const sha256 of named) {
      const entry = await this.entry(sha256)
      if (entry?.cid === cid) return entry
    }
    return null
  }

  /** Where a block with this multihash lies, in no order that matters. */
  async pointers(multihash: Uint8Array): Promise<readonly BlockPointer[]> {
    const prefix = `${hexOf(multihash)}/`
    const found: BlockPointer[] = []
    for await (const [key, value] of this.#database.scan('blocks', {
      gte: prefix,
      lt: `${prefix}\x7f`,
      limit: MAX_POINTERS_READ,
    })) {
      const [, sha256, leaf] = key.split('/') as [string, Sha256, string]
      found.push(leaf === ROOT ? { sha256, bytes: value } : { sha256, leaf: Number.parseInt(leaf, 16) })
    }
    return found
  }

  async *entries(): AsyncGenerator<ArtifactEntry> {
    for await (const [sha256, bytes] of this.#database.scan('artifacts')) {
      const entry = decodeEntry(sha256 as Sha256, bytes)
      if (entry !== null) yield entry
    }
  }

  async put(layout: ArtifactLayout): Promise<void> {
    const { cid, leaves, rootBlock, size, sha256 } = layout
    const pointers = pointerKeys(layout).map(
      (key): Write => ({ type: 'put', table: 'blocks', key, value: new Uint8Array(0) }),
    )
    const root: Write[] =
      rootBlock === null ? [] : [{ type: 'put', table: 'blocks', key: rootKey(layout), value: rootBlock }]
    await this.#database.commit([...pointers, ...root, putEntry({ cid, size, sha256, leaves, damaged: false })])
  }

  /** Withdraws an artifact's blocks but remembers it, so that `doctor` names it and it can be fetched again. */
  async markDamaged(entry: ArtifactEntry): Promise<void> {
    await this.#database.commit([...dropBlocks(entry), putEntry({ ...entry, damaged: true })])
  }

  async remove(entry: ArtifactEntry): Promise<void> {
    await this.#database.commit([...dropBlocks(entry), { type: 'del', table: 'artifacts', key: entry.sha256 }])
  }
}

const ROOT = 'root'

type Blocks = Pick<ArtifactEntry, 'cid' | 'leaves' | 'sha256'>

/** One key for each different leaf: an artifact of zeros has many equal ones. */
function pointerKeys({ leaves, sha256 }: Blocks): string[] {
  return [...new Map(leaves.map((leaf, index) => [leaf, index]))].map(
    ([leaf, index]) => `${multihashOf(leaf)}/${sha256}/${index.toString(16).padStart(4, '0')}`,
  )
}

function rootKey({ cid, sha256 }: Blocks): string {
  return `${multihashOf(cid)}/${sha256}/${ROOT}`
}

function dropBlocks(entry: Blocks): Write[] {
  return [...pointerKeys(entry), rootKey(entry)].map(key => ({ type: 'del', table: 'blocks', key }))
}

function putEntry({ sha256, ...rest }: ArtifactEntry): Write {
  return { type: 'put', table: 'artifacts', key: sha256, value: Buffer.from(JSON.stringify(rest)) }
}

/** An entry as written, or null when a flipped bit broke it: its file then counts as unknown, and `doctor` adopts it again. */
function decodeEntry(sha256: Sha256, bytes: Uint8Array): ArtifactEntry | null {
  try {
    return { ...entrySchema.parse(JSON.parse(Buffer.from(bytes).toString())), sha256 }
  } catch {
    return null
  }
}

const blockId = z.custom<BlockId>(value => typeof value === 'string' && /^b[a-z2-7]{58}$/.test(value))
const entrySchema = z.strictObject({
  cid: blockId,
  size: z.int().nonnegative().max(MAX_STORED_ARTIFACT_BYTES),
  leaves: z.array(blockId).min(1).max(MAX_LEAVES),
  damaged: z.boolean(),
})

function multihashOf(cid: BlockId): string {
  return hexOf(CID.parse(cid).multihash.bytes)
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function isSha256(id: string): id is Sha256 {
  return /^[0-9a-f]{64}$/.test(id)
}

import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { layoutOf, leafBytesOf, type SnapshotSource } from '../../federation/index.ts'
import {
  type BlockId,
  openSnapshot,
  type PublisherId,
  packSections,
  type Snapshot,
  type SnapshotPack,
} from '../../protocol/index.ts'
import { replaceFile } from '../storage/index.ts'
import type { MadePack } from './make-packs.ts'

const MANIFEST = 'manifest'

/** Where a block of a pack lies; a root block is kept in memory. */
type BlockPlace = Uint8Array | { readonly file: string; readonly from: number; readonly length: number }
/** A pack on disk, and where its blocks are. */
export interface ShelvedPack {
  readonly pack: SnapshotPack
  readonly blocks: ReadonlyMap<BlockId, BlockPlace>
}

/** The newest snapshot of this node: packs as files by their digest, the manifest beside them, blocks as peers ask for them. */
export class SnapshotShelf implements SnapshotSource {
  readonly #folder: string
  #manifest: Uint8Array | null = null
  #blocks: ReadonlyMap<BlockId, BlockPlace> = new Map()
  #snapshot: Snapshot | null = null
  /** How often it was hidden: what was begun before is not served any more. */
  #hidden = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** When what is served was made, ms since 1970; null: nothing is. */
  get madeAt(): number | null {
    return this.#snapshot?.at ?? null
  }

  manifest(): Uint8Array | null {
    return this.#manifest
  }

  /** What is packed may go to everyone; what may not any more is withdrawn with all of it. */
  mayServe(): boolean {
    return this.#manifest !== null
  }

  async readBlock(id: BlockId): Promise<Uint8Array | null> {
    const place = this.#blocks.get(id)
    if (place === undefined || place instanceof Uint8Array) return place ?? null
    const file = await open(place.file).catch(() => null)
    if (file === null) return null
    await using _closed = { [Symbol.asyncDispose]: () => file.close() }
    const block = new Uint8Array(place.length)
    const { bytesRead } = await file.read(block, 0, place.length, place.from)
    return bytesRead === place.length ? block : null
  }

  /**
   * Takes up what an earlier run made, and answers how many publishers are in it; what is empty or not whole, or holds what may not go
   * out any more, is as none.
   */
  async load(net: string, mayServe: (publisher: PublisherId) => boolean): Promise<number> {
    const hidden = this.#hidden
    const manifest = await readFile(join(this.#folder, MANIFEST)).catch(() => null)
    if (manifest === null) return 0
    const publishers = new Set<PublisherId>()
    try {
      const snapshot = openSnapshot(manifest, net)
      const shelved: ShelvedPack[] = []
      for (const pack of snapshot.packs) {
        const bytes = await readFile(this.#fileOf(pack))
        const found = await this.#shelved(pack, bytes)
        for (const publisher of publishersOf(bytes)) publishers.add(publisher)
        if (found.pack.sha256 !== pack.sha256 || ![...publishers].every(mayServe)) return 0
        shelved.push(found)
      }
      if (shelved.length === 0 || this.#hidden > hidden) return 0
      this.#serve(manifest, snapshot, shelved)
    } catch {
      return 0 // it is made anew
    }
    return publishers.size
  }

  /** Writes a pack durably; it is served once a manifest names it. */
  async put({ bytes, records, first, last }: MadePack): Promise<ShelvedPack> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const { cid, size, sha256 } = await layoutOf([bytes])
    const pack = { cid, size, sha256, records, first, last }
    await replaceFile(this.#fileOf(pack), bytes)
    return await this.#shelved(pack, bytes)
  }

  /** Serves these packs from now on, and forgets those of the snapshot before; if it is hidden before they are written, it serves none. */
  async publish(manifest: Uint8Array, snapshot: Snapshot, shelved: readonly ShelvedPack[]): Promise<void> {
    const hidden = this.#hidden
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await replaceFile(join(this.#folder, MANIFEST), manifest)
    if (this.#hidden > hidden) return
    this.#serve(manifest, snapshot, shelved)
    await this.tidy()
  }

  /** Removes packs that no served manifest names. */
  async tidy(): Promise<void> {
    const kept = new Set([MANIFEST, ...(this.#snapshot?.packs ?? []).map(({ sha256 }) => sha256 as string)])
    const found = await readdir(this.#folder).catch(() => [])
    for (const name of found) if (!kept.has(name)) await rm(join(this.#folder, name), { force: true })
  }

  /** Serves nothing from now on, at once. */
  hide(): void {
    this.#hidden++
    this.#manifest = null
    this.#snapshot = null
    this.#blocks = new Map()
  }

  /** Serves nothing from now on, also after a restart. */
  async withdraw(): Promise<void> {
    this.hide()
    await rm(this.#folder, { recursive: true, force: true })
  }

  #serve(manifest: Uint8Array, snapshot: Snapshot, shelved: readonly ShelvedPack[]): void {
    this.#manifest = manifest
    this.#snapshot = snapshot
    this.#blocks = new Map(shelved.flatMap(({ blocks }) => [...blocks]))
  }

  async #shelved(pack: SnapshotPack, bytes: Uint8Array): Promise<ShelvedPack> {
    const { cid, sha256, leaves, rootBlock } = await layoutOf([bytes])
    const file = this.#fileOf(pack)
    const placeOf = (index: number): BlockPlace => {
      const length = leafBytesOf(bytes.length, index)
      return { file, from: index * leafBytesOf(bytes.length, 0), length }
    }
    const blocks = new Map<BlockId, BlockPlace>(leaves.map((leaf, index) => [leaf, placeOf(index)]))
    if (rootBlock !== null) blocks.set(cid, rootBlock)
    return { pack: { ...pack, sha256 }, blocks }
  }

  #fileOf({ sha256 }: Pick<SnapshotPack, 'sha256'>): string {
    return join(this.#folder, sha256)
  }
}

function publishersOf(pack: Uint8Array): readonly PublisherId[] {
  const publishers: PublisherId[] = []
  const onlyNamed = (publisher: PublisherId) => publishers.push(publisher) === 0
  for (const _section of packSections(pack, onlyNamed)) throw new TypeError('no section was asked for')
  return publishers
}

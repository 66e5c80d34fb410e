import { createHash, type Hash, hash } from 'node:crypto'
import * as raw from 'multiformats/codecs/raw'
import type { BlockId } from '../../protocol/index.ts'
import type { ArtifactWriter, DownloadFault, KeptPart, WantedArtifact } from './artifact-writer.ts'
import { leafBytesOf, leafCountOf } from './layout.ts'
import { isIdOf, leavesOfRoot, partsOfId } from './root-block.ts'

const NOTHING = new Uint8Array()

/** An artifact on its way: what its root says, and which leaves were verified and written. */
export class ArtifactDownload {
  readonly artifact: WantedArtifact
  readonly leafCount: number
  readonly #writer: ArtifactWriter
  readonly #done = new Set<number>()
  #leaves: readonly BlockId[] | null

  constructor(artifact: WantedArtifact, writer: ArtifactWriter) {
    this.artifact = artifact
    this.leafCount = leafCountOf(artifact.size)
    this.#writer = writer
    this.#leaves = partsOfId(artifact.cid).code === raw.code ? [artifact.cid] : null
  }

  /** Goes on behind an earlier try; one leaf always comes from a peer. */
  resume({ root, leaves }: KeptPart): void {
    const verdict = leavesOfRoot(this.artifact.cid, root, this.artifact.size)
    if (typeof verdict === 'string') return
    this.#leaves = verdict.leaves
    for (const index of leaves) if (index < this.leafCount) this.#done.add(index)
    if (this.isComplete) this.#done.delete(this.leafCount - 1)
  }

  get hasRoot(): boolean {
    return this.#leaves !== null
  }

  get done(): ReadonlySet<number> {
    return this.#done
  }

  /** Bytes of the leaves that are here. */
  get doneBytes(): number {
    return [...this.#done].reduce((sum, index) => sum + leafBytesOf(this.artifact.size, index), 0)
  }

  get isComplete(): boolean {
    return this.#done.size === this.leafCount
  }

  async takeRoot(block: Uint8Array): Promise<DownloadFault | null> {
    const verdict = leavesOfRoot(this.artifact.cid, block, this.artifact.size)
    if (typeof verdict === 'string') return verdict
    if (this.#leaves !== null) return null
    this.#leaves = verdict.leaves
    await this.#writer.writeRoot(block)
    return null
  }

  /** Whether bytes with this sha-256 are the leaf's; they are written then. */
  async takeLeaf(index: number, bytes: Uint8Array, digest: Buffer): Promise<boolean> {
    const id = this.#leaves?.[index]
    if (id === undefined || !isIdOf(id, digest)) return false
    if (this.#done.has(index)) return true
    await this.#writer.writeLeaf(index, bytes)
    this.#done.add(index)
    return true
  }

  /** Ends a complete download. */
  async finish(): Promise<DownloadFault | null> {
    return (await this.#writer.commit()) === 'committed' ? null : 'other-digest'
  }
}

/** Takes the messages of one answer in: the root block first where it is due, then leaves in order, verified as each completes. */
export class AnswerReader {
  readonly #download: ArtifactDownload
  readonly #end: number
  #rootIsDue: boolean
  #index: number
  #leaf: Uint8Array | null = null
  #hash: Hash | null = null
  #filled = 0

  /** An answer with leaves `from` to `from + count - 1`; the root comes before leaf 0. */
  constructor(download: ArtifactDownload, { from, count }: { readonly from: number; readonly count: number }) {
    this.#download = download
    this.#index = from
    this.#end = from + count
    this.#rootIsDue = from === 0 && partsOfId(download.artifact.cid).code !== raw.code
  }

  /** Whether all that was asked for came; an empty artifact needs no bytes. */
  get isWhole(): boolean {
    return this.#index === this.#end
  }

  /** Takes one message; null is fine so far. `onLeaf` hears of each leaf that was written. */
  async takeIn(message: Uint8Array, onLeaf: (index: number) => void = () => {}): Promise<DownloadFault | null> {
    if (this.#rootIsDue) {
      this.#rootIsDue = false
      return await this.#download.takeRoot(message)
    }
    for (let at = 0; at < message.byteLength; ) {
      if (this.#index === this.#end) return 'altered'
      const wanted = leafBytesOf(this.#download.artifact.size, this.#index)
      const part = message.subarray(at, at + wanted - this.#filled)
      at += part.byteLength
      const leaf = this.#filledWith(part, wanted)
      if (leaf === null) continue
      if (!(await this.#download.takeLeaf(this.#index, leaf.bytes, leaf.digest))) return 'altered'
      onLeaf(this.#index++)
    }
    return null
  }

  /** An artifact without bytes completes without a message. */
  async end(): Promise<boolean> {
    if (this.#download.artifact.size > 0 || this.isWhole) return this.isWhole
    if (await this.#download.takeLeaf(0, NOTHING, hash('sha256', NOTHING, 'buffer'))) this.#index++
    return this.isWhole
  }

  /**
   * The leaf once it is full: in its own room, because the writer may keep it; a message that is all of it needs none. Each part is
   * hashed as it comes, while it lies in the processor's cache from being decrypted.
   */
  #filledWith(part: Uint8Array, wanted: number): { readonly bytes: Uint8Array; readonly digest: Buffer } | null {
    if (this.#filled === 0 && part.byteLength === wanted) return { bytes: part, digest: hash('sha256', part, 'buffer') }
    this.#leaf ??= Buffer.allocUnsafeSlow(wanted)
    this.#leaf.set(part, this.#filled)
    this.#hash ??= createHash('sha256')
    this.#hash.update(part)
    this.#filled += part.byteLength
    if (this.#filled < wanted) return null
    const full = { bytes: this.#leaf, digest: this.#hash.digest() }
    this.#leaf = null
    this.#hash = null
    this.#filled = 0
    return full
  }
}

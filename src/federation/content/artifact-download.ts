import * as raw from 'multiformats/codecs/raw'
import type { BlockId } from '../../protocol/index.ts'
import type { ArtifactHash } from './artifact-hash.ts'
import type { ArtifactWriter, DownloadFault, KeptPart, WantedArtifact } from './artifact-writer.ts'
import { leafBytesOf, leafCountOf } from './layout.ts'
import { isBlockOf, leavesOfRoot, partsOfId } from './root-block.ts'
import { WholeHash } from './whole-hash.ts'

const NOTHING = new Uint8Array()
const SHA2_256 = 0x12

/** An artifact on its way: what its root says, and which leaves were verified and written. */
export class ArtifactDownload {
  readonly artifact: WantedArtifact
  readonly leafCount: number
  readonly #writer: ArtifactWriter
  readonly #done = new Set<number>()
  readonly #writing = new Map<number, Promise<void>>()
  /** null: the only leaf's sha-256 is the whole's. */
  readonly #whole: WholeHash | null
  #leaves: readonly BlockId[] | null
  #rootWritten: Promise<void> = Promise.resolve()

  constructor(artifact: WantedArtifact, writer: ArtifactWriter, hash: ArtifactHash) {
    this.artifact = artifact
    this.leafCount = leafCountOf(artifact.size)
    this.#writer = writer
    const leaves = { done: this.#done, read: (index: number) => writer.readLeaf(index) }
    this.#whole = this.leafCount === 1 ? null : new WholeHash(hash, leaves)
    this.#leaves = partsOfId(artifact.cid).code === raw.code ? [artifact.cid] : null
  }

  /** Goes on behind an earlier try; one leaf always comes from a peer. */
  resume({ root, leaves }: KeptPart): void {
    const verdict = leavesOfRoot(this.artifact.cid, root, this.artifact.size)
    if (typeof verdict === 'string') return
    this.#leaves = verdict.leaves
    for (const index of leaves) if (index < this.leafCount) this.#done.add(index)
    if (this.isComplete) this.#done.delete(this.leafCount - 1)
    this.#whole?.goOn()
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
    if (this.#leaves === null) {
      this.#leaves = verdict.leaves
      this.#rootWritten = this.#writer.writeRoot(block)
    }
    await this.#rootWritten // which another answer may have begun: leaves have no place before
    return null
  }

  /** Whether these bytes are the leaf's; they are written then. */
  async takeLeaf(index: number, bytes: Uint8Array): Promise<boolean> {
    const id = this.#leaves?.[index]
    if (id === undefined || !(await this.#isLeaf(index, id, bytes))) return false
    if (this.#done.has(index)) return true
    // Two peers may bring the same leaf at once.
    const writing = this.#writing.get(index) ?? this.#writer.writeLeaf(index, bytes)
    this.#writing.set(index, writing)
    await writing.finally(() => this.#writing.delete(index))
    this.#done.add(index)
    this.#whole?.goOn()
    return true
  }

  /** Ends a complete download. */
  async finish(): Promise<DownloadFault | null> {
    const whole = this.#whole === null ? this.artifact.sha256 : await this.#whole.end()
    if (whole !== null && whole !== this.artifact.sha256) return 'other-digest'
    return (await this.#writer.commit()) === 'committed' ? null : 'other-digest'
  }

  async #isLeaf(index: number, id: BlockId, bytes: Uint8Array): Promise<boolean> {
    if (this.#whole === null) return isBlockOf(id, bytes)
    const { multihash } = partsOfId(id)
    return multihash.code === SHA2_256 && (await this.#whole.check(index, bytes, multihash.digest))
  }
}

/** Takes the messages of one answer in: the root block first where it is due, then leaves in order, verified as each completes. */
export class AnswerReader {
  readonly #download: ArtifactDownload
  readonly #end: number
  #rootIsDue: boolean
  #index: number
  #leaf: Uint8Array | null = null
  #filled = 0
  /** Of the leaf before: the next one comes while it is looked at. */
  #checked: Promise<boolean> = Promise.resolve(true)

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
      if (!(await this.#checked)) return 'altered'
      const index = this.#index++
      this.#checked = this.#download.takeLeaf(index, leaf).then(isRight => {
        if (isRight) onLeaf(index)
        return isRight
      })
      this.#checked.catch(() => {}) // whoever goes on hears of it
    }
    return null
  }

  /** After the last message: null when all that was asked for came and is right. An artifact without bytes completes without one. */
  async end(): Promise<'altered' | 'incomplete' | null> {
    if (!(await this.#checked)) return 'altered'
    if (this.#download.artifact.size === 0 && !this.isWhole && (await this.#download.takeLeaf(0, NOTHING)))
      this.#index++
    return this.isWhole ? null : 'incomplete'
  }

  /** Resolves when nothing is written any more; false: the last leaf was altered. */
  async settled(): Promise<boolean> {
    return await this.#checked.catch(() => true)
  }

  /** The leaf once it is full: in its own room, because the writer may keep it; a message that is all of it needs none. */
  #filledWith(part: Uint8Array, wanted: number): Uint8Array | null {
    if (this.#filled === 0 && part.byteLength === wanted) return part
    const leaf = this.#leaf ?? Buffer.allocUnsafeSlow(wanted)
    leaf.set(part, this.#filled)
    this.#filled += part.byteLength
    this.#leaf = this.#filled < wanted ? leaf : null
    if (this.#leaf !== null) return null
    this.#filled = 0
    return leaf
  }
}

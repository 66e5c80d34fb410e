import { createHash, type Hash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import type { Artifact, BlockId } from '../../protocol/index.ts'
import { leafBytesOf, leafCountOf } from './layout.ts'
import { isBlockOf, leavesOfRoot } from './root-block.ts'

/** What of an artifact a transfer needs. */
export type WantedArtifact = Pick<Artifact, 'cid' | 'size' | 'sha256'>

/** What an earlier try left of an artifact of several leaves: its root block and its first leaves in order. */
export interface KeptPart {
  readonly root: Uint8Array
  readonly leaves: AsyncIterable<Uint8Array>
}

/** Where verified bytes of one artifact go, in order; exactly one of `commit`, `suspend` and `discard` ends it. */
export interface ArtifactWriter {
  /** What is here already, or null; it is verified again before it counts. */
  kept(): Promise<KeptPart | null>
  /** The dag-pb root, verified; not called for an artifact of one leaf. */
  writeRoot(block: Uint8Array): Promise<void>
  writeLeaf(index: number, leaf: Uint8Array): Promise<void>
  /** All leaves are there and the artifact's own sha-256 is right: makes it durable and visible. */
  commit(): Promise<void>
  /** Not all of it came, or the disk is full: the leaves that did, each verified, may be kept for the next try. */
  suspend(): Promise<void>
  /** The release contradicts itself, or it cannot be stored: nothing is kept. */
  discard(): Promise<void>
}

/** Where artifacts go; rejections are failures of this node and end the fetch, with the code `E_DISK_FULL` for a full disk. */
export interface ArtifactSink {
  begin(artifact: WantedArtifact): Promise<ArtifactWriter>
}

/** Why bytes are not accepted: `altered` blames the peer, `other-layout` and `other-digest` the release itself. */
export type DownloadFault = 'altered' | 'other-layout' | 'other-digest'

/** Takes an artifact's messages in, verifies each block as it completes, and remembers how far it came. */
export class ArtifactDownload {
  readonly #artifact: WantedArtifact
  readonly #writer: ArtifactWriter
  readonly #whole: Hash = createHash('sha256')
  #leaves: readonly BlockId[] | null
  #leaf: Uint8Array
  #leafFilled = 0
  #done = 0

  constructor(artifact: WantedArtifact, writer: ArtifactWriter) {
    this.#artifact = artifact
    this.#writer = writer
    this.#leaves = CID.parse(artifact.cid).code === raw.code ? [artifact.cid] : null
    this.#leaf = new Uint8Array(leafBytesOf(artifact.size, 0))
  }

  /** Goes on after the first leaves of an earlier try that are still what they should be; the last leaf always comes from a peer. */
  async resume({ root, leaves }: KeptPart): Promise<void> {
    const verdict = leavesOfRoot(this.#artifact.cid, root, this.#artifact.size)
    if (typeof verdict === 'string') return
    this.#leaves = verdict.leaves
    for await (const leaf of leaves) {
      const id = verdict.leaves[this.#done]
      if (id === undefined || this.missing === 1 || !isBlockOf(id, leaf)) break
      this.#whole.update(leaf)
      this.#done++
    }
    this.#leaf = new Uint8Array(leafBytesOf(this.#artifact.size, this.#done))
  }

  /** The first leaf still missing; 0 also while the root is missing. */
  get from(): number {
    return this.#done
  }

  /** Leaves still missing. */
  get missing(): number {
    return leafCountOf(this.#artifact.size) - this.#done
  }

  /** Whether every leaf is there; an empty artifact needs no bytes. */
  get isComplete(): boolean {
    return this.missing === 0 || this.#artifact.size === 0
  }

  /** Another provider's answer begins: with the root block again while no leaf is there, and at a leaf's first byte. */
  startAnswer(): void {
    this.#leafFilled = 0
    if (this.#done === 0 && CID.parse(this.#artifact.cid).code !== raw.code) this.#leaves = null
  }

  /** Takes one message; null is fine so far. */
  async takeIn(message: Uint8Array): Promise<DownloadFault | null> {
    if (this.#leaves === null) return this.#takeRoot(message)
    for (let at = 0; at < message.byteLength; ) {
      if (this.missing === 0) return 'altered'
      const part = message.subarray(at, at + this.#leaf.byteLength - this.#leafFilled)
      this.#leaf.set(part, this.#leafFilled)
      this.#leafFilled += part.byteLength
      at += part.byteLength
      if (this.#leafFilled === this.#leaf.byteLength && !(await this.#takeLeaf())) return 'altered'
    }
    return null
  }

  /** Ends a complete download; an artifact without bytes completes without a message. */
  async finish(): Promise<DownloadFault | null> {
    if (this.#artifact.size === 0 && this.missing === 1 && !(await this.#takeLeaf())) return 'altered'
    if (this.#whole.digest('hex') !== this.#artifact.sha256) return 'other-digest'
    await this.#writer.commit()
    return null
  }

  async #takeRoot(block: Uint8Array): Promise<DownloadFault | null> {
    const verdict = leavesOfRoot(this.#artifact.cid, block, this.#artifact.size)
    if (typeof verdict === 'string') return verdict
    this.#leaves = verdict.leaves
    await this.#writer.writeRoot(block)
    return null
  }

  async #takeLeaf(): Promise<boolean> {
    const id = this.#leaves?.[this.#done]
    if (id === undefined || !isBlockOf(id, this.#leaf)) return false
    this.#whole.update(this.#leaf)
    await this.#writer.writeLeaf(this.#done, this.#leaf)
    this.#done++
    this.#leafFilled = 0
    // The writer may keep the leaf: the next one gets its own room.
    if (this.missing > 0) this.#leaf = new Uint8Array(leafBytesOf(this.#artifact.size, this.#done))
    return true
  }
}

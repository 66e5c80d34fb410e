import { createHash, randomBytes } from 'node:crypto'
import {
  type ArtifactLayout,
  contentHandler,
  FeedHandler,
  HeadChanges,
  type RequestHandler,
} from '../../src/federation/index.ts'
import {
  buildGenesis,
  buildRootRecord,
  buildWriterRecord,
  ed25519KeyList,
  feedIdOf,
  keyListDigestOf,
  type ReleaseName,
  sealRecord,
  type WellFormedRecord,
} from '../../src/protocol/index.ts'
import { Shelf } from '../federation/content/shelf.ts'
import { MemoryFeedStore } from '../federation/sync/memory-feed-store.ts'
import { signingKey } from '../protocol/records/signing-key.ts'

const NET = 'main'
let nextSeed = 100

/** A publisher whose feed and bytes a test writes as it likes, served by real handlers. */
export class ForgingPublisher {
  readonly shelf = new Shelf()
  readonly #store = new MemoryFeedStore()
  readonly #changes = new HeadChanges()
  readonly #key = signingKey(nextSeed++)
  readonly #genesis: WellFormedRecord
  readonly #delegate: WellFormedRecord
  #last: WellFormedRecord | null = null

  constructor() {
    const { publicKey, sign } = this.#key
    const recoveryKeyDigest = keyListDigestOf(ed25519KeyList(signingKey(2).publicKey))
    this.#genesis = buildGenesis(
      { net: NET, ts: 1, rootKey: publicKey, recoveryKeyDigest, salt: randomBytes(16) },
      sign,
    )
    const body = {
      typ: 'delegate',
      feed: this.feed,
      key: [1, publicKey],
      role: 'writer',
      scope: [],
      visibility: 'public',
    } as const
    const place = { net: NET, publisher: this.id, seq: 2, prev: this.#genesis.id, ts: 1, by: ed25519KeyList(publicKey) }
    this.#delegate = buildRootRecord({ ...place, body }, sign)
  }

  get id() {
    return this.#genesis.publisher
  }

  get feed() {
    return feedIdOf([1, this.#key.publicKey])
  }

  /** Serves what was published; `spoil` changes every part of an answer before it leaves. */
  feedHandler(spoil: (part: Uint8Array) => Uint8Array = part => part): RequestHandler {
    const handler = new FeedHandler({ store: this.#store, changes: this.#changes, mayServeFeed: () => true })
    return async function* answer(request) {
      for await (const part of handler.handle(request)) yield spoil(part)
    }
  }

  contentHandler(): RequestHandler {
    return contentHandler(this.shelf, () => true)
  }

  async begin(): Promise<void> {
    await this.#store.append([this.#genesis, this.#delegate])
  }

  /** Releases one file of an npm package. */
  async release(name: string, version: string, bytes: Uint8Array): Promise<ArtifactLayout> {
    const layout = await this.shelf.add(bytes)
    const { cid, size, sha256 } = layout
    const artifacts = [{ name: `${name}-${version}.tgz`, cid, size, sha256 }]
    const purl = `pkg:npm/${name}@${version}` as ReleaseName
    const ops = [{ op: 'release', purl, artifacts, summary: { description: `${name} of a test` } }] as const
    await this.#append(buildWriterRecord({ ...this.#place(), typ: 'release', ops }, this.#key.sign))
    return layout
  }

  /** Appends a well-formed record that this version does not understand. */
  async append(typ: string, body: Record<string, unknown>): Promise<void> {
    await this.#append(sealRecord({ ...this.#place(), typ, by: null, body: body as never }, this.#key.sign))
  }

  #place() {
    const seq = (this.#last?.seq ?? 0) + 1
    return {
      net: NET,
      publisher: this.id,
      feed: this.feed,
      seq,
      prev: this.#last?.id ?? null,
      ts: 1,
      auth: this.#delegate.id,
    }
  }

  async #append(record: WellFormedRecord): Promise<void> {
    await this.#store.append([record])
    this.#last = record
    this.#changes.stored([record])
  }
}

/** Bytes that compress to nothing, the same for the same word. */
export function bytesOf(word: string, size: number): Uint8Array {
  const blocks: Buffer[] = []
  for (let block = createHash('sha256').update(word).digest(), at = 0; at < size; at += block.length) {
    block = createHash('sha256').update(block).digest()
    blocks.push(block)
  }
  return Uint8Array.from(Buffer.concat(blocks).subarray(0, size))
}

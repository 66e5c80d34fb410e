import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import {
  type BlockId,
  buildGenesis,
  buildRootRecord,
  buildWriterRecord,
  type DelegateBody,
  ed25519KeyList,
  feedIdOf,
  keyListDigestOf,
  type ReleaseName,
  type ReleaseOp,
  type SearchHit,
  type Sha256,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import type { MadePackage } from './made-packages.ts'

/** The network of the benchmark: the default one. */
const NET = 'main'
const TS = 1_750_000_000_000
/** The empty file: what is searched for is never installed here. */
const NO_BYTES = {
  cid: 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku' as BlockId,
  size: 0,
  sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' as Sha256,
}

/** A publisher with one key for everything, whose records are signed as a node signs them. */
export class MadePublisher {
  readonly root: readonly [WellFormedRecord, WellFormedRecord]
  readonly #publicKey: Uint8Array
  readonly #sign: (message: Uint8Array) => Uint8Array
  #last: WellFormedRecord | null = null

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    this.#publicKey = Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32))
    this.#sign = message => Uint8Array.from(sign(null, message, privateKey))
    const rootKey = this.#publicKey
    const recoveryKeyDigest = keyListDigestOf(ed25519KeyList(randomBytes(32)))
    const genesis = buildGenesis({ net: NET, ts: TS, rootKey, recoveryKeyDigest, salt: randomBytes(16) }, this.#sign)
    const body: DelegateBody = {
      typ: 'delegate',
      feed: this.#feed,
      key: [1, rootKey],
      role: 'writer',
      scope: [],
      visibility: 'public',
    }
    const place = { net: NET, publisher: genesis.publisher, seq: 2, prev: genesis.id, ts: TS }
    this.root = [genesis, buildRootRecord({ ...place, by: ed25519KeyList(rootKey), body }, this.#sign)]
  }

  /** The next record of its feed. */
  release({ purl, description, keywords }: MadePackage): WellFormedRecord {
    const summary = { description, keywords: [...keywords] }
    const artifacts = [{ name: 'x.tgz', ...NO_BYTES }]
    return this.append({ op: 'release', purl: purl as ReleaseName, artifacts, summary })
  }

  /** The next record of its feed, with a release of the caller's own. */
  append(op: ReleaseOp): WellFormedRecord {
    const { publisher, id: auth } = this.root[0]
    const [seq, prev] = [(this.#last?.seq ?? 0) + 1, this.#last?.id ?? null]
    const place = { net: NET, publisher, feed: this.#feed, seq, prev, ts: TS + seq, auth }
    this.#last = buildWriterRecord({ ...place, typ: 'release', ops: [op] }, this.#sign)
    return this.#last
  }

  /** A hit that verifies. */
  hit(made: MadePackage): SearchHit {
    const envelopes = [...this.root, this.release(made)].map(({ envelope }) => envelope)
    return { purl: made.purl as ReleaseName, publisher: this.root[0].publisher, score: 1_000_000, envelopes }
  }

  get #feed() {
    return feedIdOf([1, this.#publicKey])
  }
}

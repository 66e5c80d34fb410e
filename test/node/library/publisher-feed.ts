import {
  type BlockId,
  buildWriterRecord,
  feedIdOf,
  type Op,
  type PackageName,
  type PublisherId,
  type RecordId,
  type ReleaseName,
  type ReleaseSummary,
  type Sha256,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { delegateOf, NET, publisherOf } from '../../federation/search/signed-hits.ts'

const NO_BYTES = {
  name: 'x.tgz',
  cid: 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku' as BlockId,
  size: 0,
  sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' as Sha256,
}

/** One publisher's signed records, in the order in which it writes them. */
export class PublisherFeed {
  readonly publisher: PublisherId
  /** Its genesis and delegate: what everything else needs. */
  readonly first: readonly WellFormedRecord[]
  readonly #by: ReturnType<typeof publisherOf>
  #last: RecordId | null = null
  #seq = 0

  /** A publisher of its own for a number of 1 to 253, three apart. */
  constructor(seed: number, visibility: 'public' | 'private' = 'public') {
    this.#by = publisherOf(seed)
    this.publisher = this.#by.genesis.publisher
    this.first = [this.#by.genesis, delegateOf(this.#by, { body: { visibility } })]
  }

  release(purl: string, summary: ReleaseSummary = {}, claimedMs = 3): WellFormedRecord {
    return this.#write({ op: 'release', purl: purl as ReleaseName, artifacts: [NO_BYTES], summary }, claimedMs)
  }

  yank(purl: string): WellFormedRecord {
    return this.#write({ op: 'yank', target: { purl: purl as ReleaseName, reason: 'broken' } }, 3)
  }

  #write(op: Op, ts: number): WellFormedRecord {
    const { genesis, writer } = this.#by
    const place = { net: NET, publisher: this.publisher, feed: feedIdOf([1, writer.bytes]), ts }
    const link = { seq: ++this.#seq, prev: this.#last, auth: genesis.id }
    const record = buildWriterRecord({ ...place, ...link, typ: op.op, ops: [op] }, writer.sign)
    this.#last = record.id as RecordId
    return record
  }
}

/** A summary that needs packages of its own ecosystem, each as `runtime`. */
export const needing = (...names: readonly string[]): ReleaseSummary => ({
  dependencies: names.toSorted().map(name => [name, '^1', 'runtime'] as const),
})

/** An npm package's name as catalogues have it. */
export const npm = (name: string): PackageName => `pkg:npm/${name}` as PackageName

import { sign } from 'node:crypto'
import {
  buildGenesis,
  buildRootRecord,
  buildWriterRecord,
  type DelegateBody,
  ED25519,
  ed25519KeyList,
  feedIdOf,
  headOf,
  keyListDigestOf,
  MAX_ANNOUNCED_ENVELOPE_BYTES,
  type Op,
  type PackageName,
  sealHead,
  sealRecord,
  type VoidBody,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { keyOf } from '../sync/forge.ts'

export const NET = 'main'
const TS = 1_750_000_000_000

/** A publisher that signs real records: a root feed, one writer, and branches where it equivocates. */
export class Publisher {
  readonly #root
  readonly #writer
  readonly genesis: WellFormedRecord
  readonly delegate: WellFormedRecord

  constructor(word: string, visibility: DelegateBody['visibility'] = 'public') {
    this.#root = keyOf(`${word} root`)
    this.#writer = keyOf(`${word} writer`)
    const recoveryKeyDigest = keyListDigestOf(ed25519KeyList(keyOf(`${word} recovery`).raw))
    const input = { net: NET, ts: TS, rootKey: this.#root.raw, recoveryKeyDigest, salt: new Uint8Array(16) }
    this.genesis = buildGenesis(input, bytes => this.#signRoot(bytes))
    const body: DelegateBody = {
      typ: 'delegate',
      feed: this.feed,
      key: [1, this.#writer.raw],
      role: 'writer',
      scope: [],
      visibility,
    }
    this.delegate = this.#rootRecord(this.genesis, body)
  }

  get id() {
    return this.genesis.publisher
  }
  get feed() {
    return this.#writer.feed
  }

  /** n records after `prev`; `mark` makes branches differ, every third is of a kind nobody knows, every sixth too long to announce. */
  chain(n: number, prev: WellFormedRecord | null, mark: string): WellFormedRecord[] {
    const made: WellFormedRecord[] = []
    for (let i = 0; i < n; i++) {
      const tag = i % 6 === 5 ? `${mark}-${i}`.padEnd(MAX_ANNOUNCED_ENVELOPE_BYTES, '.') : `${mark}-${i}`
      made.push(this.#record(made.at(-1) ?? prev, tag, i % 3 === 2))
    }
    return made
  }

  /** The record after `prev`, with a time of its own. */
  dated(ts: number, prev: WellFormedRecord): WellFormedRecord {
    return this.#record(prev, `dated ${ts}`, false, ts)
  }

  /** The signed head of an own record that is too long to be announced. */
  sealHeadOf(record: WellFormedRecord): Uint8Array {
    return sealHead(headOf(record), NET, null, bytes => this.#signWriter(bytes))
  }

  /** Delegates another feed, after the writer's. */
  delegateTo(key: Uint8Array): WellFormedRecord {
    const feed = feedIdOf([ED25519, key])
    const body: DelegateBody = {
      typ: 'delegate',
      feed,
      key: [ED25519, key],
      role: 'writer',
      scope: [],
      visibility: 'public',
    }
    return this.#rootRecord(this.delegate, body)
  }

  /** Signs any bytes with the writer's key. */
  sign(bytes: Uint8Array): Uint8Array {
    return this.#signWriter(bytes)
  }

  /** The root names `head` the true end of the writer's feed. */
  void(head: WellFormedRecord): WellFormedRecord {
    return this.#rootRecord(this.delegate, {
      typ: 'void',
      feed: this.feed,
      from: head.seq + 1,
      head: head.id,
      reason: 'forked',
    })
  }

  /** A well-formed root record under another publisher's name. */
  usurp(genesis: WellFormedRecord): WellFormedRecord {
    return this.#rootRecord(genesis, this.delegate.understood as DelegateBody, genesis.publisher)
  }

  #record(prev: WellFormedRecord | null, tag: string, isUnknown: boolean, ts = TS): WellFormedRecord {
    const place = {
      net: NET,
      publisher: this.id,
      feed: this.feed,
      seq: (prev?.seq ?? 0) + 1,
      prev: prev?.id ?? null,
      ts,
      auth: this.delegate.id,
    }
    const signer = (bytes: Uint8Array) => this.#signWriter(bytes)
    if (isUnknown) return sealRecord({ ...place, typ: 'prophecy', by: null, body: { tag } }, signer)
    const op: Op = { op: 'tag', purl: 'pkg:npm/x' as PackageName, tag, version: '1.0.0' }
    return buildWriterRecord({ ...place, typ: 'tag', ops: [op] }, signer)
  }

  #rootRecord(
    prev: WellFormedRecord,
    body: DelegateBody | VoidBody,
    publisher = this.genesis.publisher,
  ): WellFormedRecord {
    const by = ed25519KeyList(this.#root.raw)
    const input = { net: NET, publisher, seq: prev.seq + 1, prev: prev.id, ts: TS, by, body }
    return buildRootRecord(input, bytes => this.#signRoot(bytes))
  }

  #signWriter(bytes: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, bytes, this.#writer.key))
  }

  #signRoot(bytes: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, bytes, this.#root.key))
  }
}

import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import {
  type BlockId,
  buildGenesis,
  buildRootRecord,
  buildWriterRecord,
  type DelegateBody,
  ed25519KeyList,
  feedIdOf,
  type KeyList,
  keyListDigestOf,
  type ReleaseName,
  type SearchHit,
  type Sha256,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'

export const NET = 'test'

interface TestKey {
  readonly bytes: Uint8Array
  readonly list: KeyList
  readonly sign: (message: Uint8Array) => Uint8Array
}

function keyOf(privateKey: KeyObject): TestKey {
  const bytes = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32)
  return { bytes, list: ed25519KeyList(bytes), sign: message => sign(null, message, privateKey) }
}

/** A key of its own for a number, the same in every run. */
export function testKey(seed: number): TestKey {
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
  const der = Buffer.concat([prefix, Buffer.alloc(32, seed)])
  return keyOf(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
}

export interface TestPublisher {
  readonly genesis: WellFormedRecord
  readonly root: TestKey
  readonly recovery: TestKey
  readonly writer: TestKey
}

export function publisherOf(seed: number): TestPublisher {
  const [root, recovery, writer] = [testKey(seed), testKey(seed + 1), testKey(seed + 2)]
  const salt = new Uint8Array(16).fill(seed)
  const genesis = buildGenesis(
    { net: NET, ts: 1, rootKey: root.bytes, recoveryKeyDigest: keyListDigestOf(recovery.list), salt },
    root.sign,
  )
  return { genesis, root, recovery, writer }
}

export function delegateOf(
  { genesis, root, writer }: TestPublisher,
  change: { by?: TestKey; seq?: number; after?: WellFormedRecord; body?: Partial<DelegateBody> } = {},
): WellFormedRecord {
  const by = change.by ?? root
  const prev = (change.after ?? genesis).id
  const body: DelegateBody = {
    typ: 'delegate',
    feed: feedIdOf([1, writer.bytes]),
    key: [1, writer.bytes],
    role: 'writer',
    scope: [],
    visibility: 'public',
    ...change.body,
  }
  const place = { net: NET, publisher: genesis.publisher, seq: change.seq ?? 2, prev, ts: 2 }
  return buildRootRecord({ ...place, by: by.list, body }, by.sign)
}

export function rotateOf({ genesis, recovery }: TestPublisher, to: TestKey, by: TestKey = recovery): WellFormedRecord {
  const body = {
    typ: 'rotate' as const,
    keys: [to.list],
    threshold: 1,
    next: [],
    recovery: [keyListDigestOf(recovery.list)],
    salt: new Uint8Array(16),
  }
  const place = { net: NET, publisher: genesis.publisher, seq: 2, prev: genesis.id, ts: 2 }
  return buildRootRecord({ ...place, by: by.list, body }, by.sign)
}

export function releaseOf(
  { genesis, writer }: TestPublisher,
  purl: string,
  change: { by?: TestKey; description?: string } = {},
): WellFormedRecord {
  const by = change.by ?? writer
  const artifact = {
    name: 'x.tgz',
    cid: 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku' as BlockId,
    size: 0,
    sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' as Sha256,
  }
  const summary = { description: change.description ?? 'a thing' }
  const op = { op: 'release' as const, purl: purl as ReleaseName, artifacts: [artifact], summary }
  const place = { net: NET, publisher: genesis.publisher, feed: feedIdOf([1, by.bytes]), seq: 1, prev: null, ts: 3 }
  return buildWriterRecord({ ...place, auth: genesis.id, typ: 'release', ops: [op] }, by.sign)
}

export function hitOf(purl: string, records: readonly WellFormedRecord[]): SearchHit {
  const publisher = records[0]!.publisher
  return { purl: purl as ReleaseName, publisher, score: 0, envelopes: records.map(record => record.envelope) }
}

/** A hit that verifies. */
export function goodHit(seed: number, purl: string, description?: string): SearchHit {
  const publisher = publisherOf(seed)
  const release = releaseOf(publisher, purl, description === undefined ? {} : { description })
  return hitOf(purl, [publisher.genesis, delegateOf(publisher), release])
}

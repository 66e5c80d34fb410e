import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import type { FeedId, PublisherId, RecordId, WellFormedRecord } from '../../../src/protocol/index.ts'

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest()
const cidOf = (bytes: Uint8Array) => CID.createV1(0x71, create(0x12, sha256(bytes)))

/** A deterministic Ed25519 key made from a word. */
export function keyOf(word: string) {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), sha256(word)])
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  const raw = new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(12))
  return { key, raw, feed: Buffer.concat([Buffer.of(1), raw]).toString('hex') as FeedId }
}
export type Key = ReturnType<typeof keyOf>

interface Place {
  readonly publisher: PublisherId | null
  readonly feed: FeedId | 'root'
  readonly prev: WellFormedRecord | null
}

/** Signs one record, independent of the production builder, at the place after `prev`. */
function forge(key: Key, place: Place, typ: string, body: unknown, net = 'main'): WellFormedRecord {
  const seq = (place.prev?.seq ?? 0) + 1
  const payload = encode({
    v: 1,
    net,
    pub: place.publisher ? CID.parse(place.publisher) : null,
    feed: place.feed === 'root' ? null : Uint8Array.from(Buffer.from(place.feed, 'hex')),
    seq,
    prev: place.prev ? CID.parse(place.prev.id) : null,
    typ,
    ts: 1_750_000_000_000,
    auth: place.feed === 'root' ? null : CID.parse(place.publisher!),
    by: place.feed === 'root' && place.publisher ? [[1, key.raw]] : null,
    body,
  })
  const signature = sign(null, Buffer.concat([Buffer.from('hanse-record-v1\0'), sha256(net), payload]), key.key)
  const id = cidOf(payload).toString() as RecordId
  return {
    id,
    net,
    publisher: place.publisher ?? (id as string as PublisherId),
    feed: place.feed as FeedId,
    seq,
    prev: place.prev?.id ?? null,
    typ,
    ts: 1_750_000_000_000,
    auth: place.feed === 'root' ? null : (place.publisher as string as RecordId),
    envelope: encode({ p: payload, s: [[1, 0, new Uint8Array(signature)]] }),
    understood: null,
    signer: '',
  }
}

/** A publisher with a genesis; `chain` signs n records of an unknown kind in a writer's feed after `prev`. */
export function forgePublisher(word: string, net = 'main') {
  const root = keyOf(`${word} root`)
  const keys = [[[1, root.raw]]]
  const body = {
    keys,
    threshold: 1,
    next: [],
    recovery: [sha256(`${word} recovery`)].map(d => new Uint8Array(d)),
    salt: new Uint8Array(16),
  }
  const genesis = forge(root, { publisher: null, feed: 'root', prev: null }, 'identity', body, net)
  const writer = keyOf(`${word} writer`)
  const chain = (n: number, after: WellFormedRecord | null = null, mark = '') => {
    const made: WellFormedRecord[] = []
    for (let i = 0, prev = after; i < n; i++) {
      prev = forge(writer, { publisher: genesis.publisher, feed: writer.feed, prev }, 'future-kind', { mark, i }, net)
      made.push(prev)
    }
    return made
  }
  return { root, writer, genesis, publisher: genesis.publisher, feed: writer.feed, chain }
}

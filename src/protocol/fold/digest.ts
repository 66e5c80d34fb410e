import { createHash } from 'node:crypto'
import { encode } from '@ipld/dag-cbor'
import type { PublisherId, Sha256 } from '../ids.ts'
import type { FeedState, PackageState, ReleaseState } from './catalogue.ts'
import { FOLD_NUMBER } from './catalogue.ts'

const DOMAIN = 'hanse-catalogue-v1'
/** Sums of digests are taken modulo this: 2^256. */
const MODULUS = 1n << 256n

/** Adds or takes away package digests; the order is of no matter. */
export function addToSum(sum: bigint, digest: bigint): bigint {
  return (sum + digest) % MODULUS
}
export function takeFromSum(sum: bigint, digest: bigint): bigint {
  return (sum - digest + MODULUS) % MODULUS
}

/** Digest of one package's public state, as a number below 2^256 (specification section 7). */
export function packageDigestOf(state: PackageState): bigint {
  return digestOfBytes(sha256(encode([state.package, stateValueOf(state)])))
}

/** A digest as a number from its 32 bytes, and back. */
export const digestOfBytes = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
export const bytesOfDigest = (digest: bigint): Uint8Array => Buffer.from(digest.toString(16).padStart(64, '0'), 'hex')

/** Digest of a publisher's catalogue over its public feeds and the sum of its packages' digests. */
export function publisherDigestOf(feeds: readonly FeedState[], sum: bigint): Sha256 {
  const places = feeds
    .filter(feed => feed.visibility === 'public')
    .map(({ feed, end, head, reason }) => [feed, end, head, reason])
    .sort((a, b) => compareBytes(String(a[0]), String(b[0])))
  const number = Buffer.alloc(4)
  number.writeUInt32BE(FOLD_NUMBER)
  const sumBytes = bytesOfDigest(sum)
  return sha256(Buffer.concat([Buffer.from(DOMAIN), number, sha256(encode(places)), sumBytes])).toString(
    'hex',
  ) as Sha256
}

/** Digest of a node: of all its publishers' digests, sorted by publisher. */
export function nodeDigestOf(publishers: Iterable<readonly [PublisherId, Sha256]>): Sha256 {
  const pairs = [...publishers].map(([id, digest]) => [id, digest]).sort((a, b) => compareBytes(a[0] ?? '', b[0] ?? ''))
  return sha256(encode(pairs)).toString('hex') as Sha256
}

/** A digest as people compare it: fold number and the first 16 hex digits, `2:0f3a…`. */
export function digestText(digest: Sha256): string {
  return `${FOLD_NUMBER}:${digest.slice(0, 16)}`
}

/** The state as a dag-cbor value: what text and files say, and which op said it; records commit to the rest. */
function stateValueOf(state: PackageState): unknown {
  return {
    deprecated: state.deprecated,
    origins: state.origins.map(origin => [origin.version, origin.op.upstream, origin.op.digest, origin.at]),
    releases: sortedEntries(state.releases).map(([, release]) => releaseValueOf(release)),
    tags: sortedEntries(state.tags),
  }
}

function releaseValueOf(release: ReleaseState): unknown {
  return {
    artifacts: release.artifacts.map(({ artifact: { name, sha256, cid, size }, at }) => [name, sha256, cid, size, at]),
    deprecated: release.deprecated,
    described: release.described,
    records: release.records,
    state: release.state,
    version: release.version,
    yanked: release.yankedWhy,
  }
}

const sortedEntries = <V>(map: ReadonlyMap<string, V>): [string, V][] => [...map].sort(([a], [b]) => compareBytes(a, b))

/** UTF-8 order, the same in every runtime. */
const compareBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

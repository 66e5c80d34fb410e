import { z } from 'zod'
import { encodeCanonical, parseCanonical } from './canonical.ts'
import { parseEnvelope, type Sign, sealEnvelope, signatureChecksOf } from './envelope.ts'
import { ProtocolError } from './errors.ts'
import type { BlockId, PeerId, PublisherId, Sha256 } from './ids.ts'
import { cidOf } from './ids-parse.ts'
import { ed25519KeyList, verifySignatures } from './key-list.ts'
import { MAX_RECORD_BYTES, MAX_SNAPSHOT_PACK_BYTES, MAX_SNAPSHOT_PACKS } from './limits.ts'
import { keyOfPeerId } from './node-record.ts'
import { parseMap, parseNetwork } from './record-frame.ts'
import { blockField, integerField, peerField, publisherField, sha256Field } from './schema-fields.ts'
import { SNAPSHOT_DOMAIN } from './signature-domain.ts'

const SNAPSHOT_VERSION = 1

/** One pack of a snapshot: an artifact of records (section 16.2), and between which publishers they are, both included. */
export interface SnapshotPack {
  readonly cid: BlockId
  readonly size: number
  readonly sha256: Sha256
  readonly records: number
  readonly first: PublisherId
  readonly last: PublisherId
}

/** What a node says it packed of the public feeds it held (section 16.1); each record in it still verifies itself. */
export interface Snapshot {
  readonly maker: PeerId
  /** When it was made by the maker's clock, ms since 1970. */
  readonly at: number
  /** In order of their publishers' ids; one publisher may go on in the next pack. */
  readonly packs: readonly SnapshotPack[]
}

const pack = z
  .tuple([
    blockField,
    integerField(1, MAX_SNAPSHOT_PACK_BYTES),
    sha256Field,
    integerField(1),
    publisherField,
    publisherField,
  ])
  .transform(([cid, size, sha256, records, first, last]) => ({ cid, size, sha256, records, first, last }))
const schema = z
  .object({ maker: peerField, at: integerField(0), packs: z.array(pack).max(MAX_SNAPSHOT_PACKS) })
  .refine(({ packs }) => packs.every((each, i) => each.first <= each.last && (packs[i - 1]?.last ?? '') <= each.first))

/** A snapshot's manifest signed by the maker's node key. @throws ProtocolError E_SIZE, E_RECORD, E_ID */
export function sealSnapshot({ maker, at, packs }: Snapshot, net: string, sign: Sign): Uint8Array {
  const rows = packs.map(({ cid, size, sha256, records, first, last }) => [
    ...[cidOf(cid), size, Buffer.from(sha256, 'hex'), records, cidOf(first), cidOf(last)],
  ])
  const payload = encodeCanonical({ v: SNAPSHOT_VERSION, net, maker, at, packs: rows })
  parsePayload(payload, net)
  return sealEnvelope(payload, ed25519KeyList(keyOfPeerId(maker)), { net, domain: SNAPSHOT_DOMAIN }, sign)
}

/**
 * The manifest in an envelope, its signature verified by the key in the maker's peer id.
 * @throws ProtocolError E_SIZE, E_ENCODING, E_DEPTH, E_TEXT, E_ENVELOPE, E_VERSION, E_OTHER_NETWORK, E_RECORD, E_ID, E_SIGNATURE
 */
export function openSnapshot(bytes: Uint8Array, net: string): Snapshot {
  const envelope = parseEnvelope(bytes)
  const snapshot = parsePayload(envelope.payload, net)
  const keys = ed25519KeyList(keyOfPeerId(snapshot.maker))
  verifySignatures(signatureChecksOf(envelope, keys, { net, domain: SNAPSHOT_DOMAIN }))
  return snapshot
}

/** A further field is ignored, so that manifests can say more. */
function parsePayload(payload: Uint8Array, net: string): Snapshot {
  const { v, net: its, ...fields } = parseMap(parseCanonical(payload, MAX_RECORD_BYTES))
  if (v !== SNAPSHOT_VERSION) throw new ProtocolError('E_VERSION', 'snapshot of an unknown format version')
  parseNetwork(its, net)
  const parsed = schema.safeParse(fields)
  if (!parsed.success) throw new ProtocolError('E_RECORD', 'not a snapshot')
  return parsed.data
}

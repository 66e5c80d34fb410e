import { createHash } from 'node:crypto'
import { encodeCanonical, parseCanonical } from './canonical.ts'
import { ProtocolError } from './errors.ts'
import type { PublisherId } from './ids.ts'
import { cidOf, isNetworkId } from './ids-parse.ts'
import { MAX_ANNOUNCED_ENVELOPE_BYTES, MAX_ANNOUNCEMENT_BYTES, MAX_SHARDS } from './limits.ts'
import { parseMap } from './record-frame.ts'

/** What is gossiped (section 4.5): a small record itself, else the signed head of its feed; neither verified yet. */
export type Announcement =
  | { readonly k: 'record'; readonly envelope: Uint8Array }
  | { readonly k: 'head'; readonly sealedHead: Uint8Array }
  /** Of a newer peer: to be ignored, never charged. */
  | { readonly k: 'unknown' }

/** Whether a record is announced by its envelope; a longer one by its head. */
export function isAnnouncedWhole(envelope: Uint8Array): boolean {
  return envelope.length <= MAX_ANNOUNCED_ENVELOPE_BYTES
}

/** The bytes to gossip: the map `{k, e}`. @throws ProtocolError E_SIZE */
export function encodeAnnouncement(announcement: Exclude<Announcement, { k: 'unknown' }>): Uint8Array {
  const e = announcement.k === 'record' ? announcement.envelope : announcement.sealedHead
  if (!isAnnouncedWhole(e)) throw new ProtocolError('E_SIZE', 'too long to announce')
  return encodeCanonical({ k: announcement.k, e })
}

/**
 * What a gossiped message announces.
 * @throws ProtocolError E_SIZE, E_ENCODING, E_DEPTH, E_TEXT, E_RECORD, E_MESSAGE
 */
export function parseAnnouncement(bytes: Uint8Array): Announcement {
  const fields = parseMap(parseCanonical(bytes, MAX_ANNOUNCEMENT_BYTES))
  const { k, e } = fields
  if (typeof k !== 'string') throw new ProtocolError('E_MESSAGE', 'announcement without its kind')
  if (k !== 'record' && k !== 'head') return { k: 'unknown' }
  if (!(e instanceof Uint8Array) || Object.keys(fields).length !== 2) {
    throw new ProtocolError('E_MESSAGE', 'announcement of another shape')
  }
  if (!isAnnouncedWhole(e)) throw new ProtocolError('E_SIZE', 'announced envelope too long')
  return k === 'record' ? { k, envelope: e } : { k, sealedHead: e }
}

/** The gossip topic of a publisher's records (section 4.5); `shards` is the network's count, 1 to 256. */
export function topicOf(net: string, publisher: PublisherId, shards = 1): string {
  return topicName(net, (createHash('sha256').update(cidOf(publisher).bytes).digest()[0] ?? 0) % checkedShards(shards))
}

/** The topics of all shards of a network. */
export function topicsOf(net: string, shards = 1): readonly string[] {
  return Array.from({ length: checkedShards(shards) }, (_, shard) => topicName(net, shard))
}

function topicName(net: string, shard: number): string {
  if (!isNetworkId(net)) throw new TypeError('not a network id')
  return `/hanse/${net}/records/1/${shard}`
}

function checkedShards(shards: number): number {
  if (!Number.isInteger(shards) || shards < 1 || shards > MAX_SHARDS) throw new TypeError('1 to 256 shards')
  return shards
}

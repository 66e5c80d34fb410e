import {
  encodeAnnouncement,
  HEAD_VERSION,
  isAnnouncedWhole,
  isOfLaterVersion,
  MAX_ANNOUNCEMENT_BYTES,
  openHead,
  ProtocolError,
  type PublisherId,
  parseAnnouncement,
  parseCanonical,
  parseEnvelope,
  parseInteger,
  parseKeyList,
  parseLink,
  parseMap,
  parseUnverifiedRecord,
  parseWriterFeed,
  ROOT_FEED,
  signerOf,
  topicOf,
  verifySignatures,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import type { Claim, Unclaimed } from './machine.ts'

/** An announcement whose signature is still to be checked. */
export interface OpenedAnnouncement {
  readonly claim: Claim
  /** The record it holds, to be trusted only after `verify`. */
  readonly record: WellFormedRecord | null
  verify(): Checked
}

/** Whether the signatures hold; `newer`: of an algorithm or a form that a later version may know. */
type Checked = boolean | 'newer'

/** Announcements as bytes. */
export interface AnnouncementCodec {
  /** null: too long to be announced itself, and no head of it can be signed here. */
  encode(record: WellFormedRecord): Uint8Array | null
  open(bytes: Uint8Array): OpenedAnnouncement | Unclaimed
  topicOf(publisher: PublisherId): string
}

export interface AnnouncementOptions {
  readonly net: string
  readonly shards?: number
  /** The signed head of an own record that is too long to be announced itself. */
  readonly sealHead?: (record: WellFormedRecord) => Uint8Array | null
}

/** Announcements of one network in format v1 (specification section 4.5). */
export function announcementCodecOf({ net, shards = 1, sealHead }: AnnouncementOptions): AnnouncementCodec {
  return {
    encode: record => {
      if (isAnnouncedWhole(record.envelope)) return encodeAnnouncement({ k: 'record', envelope: record.envelope })
      const sealedHead = sealHead?.(record) ?? null
      return sealedHead && encodeAnnouncement({ k: 'head', sealedHead })
    },
    open: bytes => {
      if (bytes.length > MAX_ANNOUNCEMENT_BYTES) return 'too long'
      return orNotOne(() => openOne(bytes, net))
    },
    topicOf: publisher => topicOf(net, publisher, shards),
  }
}

function openOne(bytes: Uint8Array, net: string): OpenedAnnouncement | Unclaimed {
  const announcement = parseAnnouncement(bytes)
  if (announcement.k === 'unknown') return 'newer'
  if (announcement.k === 'head') {
    const { sealedHead } = announcement
    const claim: Claim = { ...claimedHead(sealedHead), form: 'head', bytes: bytes.length }
    return { claim, record: null, verify: () => holds(() => openHead(sealedHead, net)) }
  }
  const { record, checks } = parseUnverifiedRecord(announcement.envelope, { net })
  const { publisher, feed, seq, id, signer } = record
  const claim: Claim = { publisher, feed, seq, id, signer, form: 'record', bytes: bytes.length }
  return { claim, record, verify: () => holds(() => verifySignatures(checks)) }
}

/** The place a signed head names; the rest of its shape is checked with its signature. */
function claimedHead(sealedHead: Uint8Array): Pick<Claim, 'publisher' | 'feed' | 'seq' | 'id' | 'signer'> {
  const fields = parseMap(parseCanonical(parseEnvelope(sealedHead).payload))
  if (fields.v !== HEAD_VERSION) throw new ProtocolError('E_VERSION', 'head of an unknown format version')
  return {
    publisher: parseLink(fields.pub, 'pub') as string as PublisherId,
    feed: fields.feed === null ? ROOT_FEED : parseWriterFeed(fields.feed),
    seq: parseInteger(fields.seq, 1, 'seq'),
    id: parseLink(fields.id, 'id'),
    signer: fields.feed === null ? signerOf(parseKeyList(fields.by)) : '',
  }
}

function holds(check: () => unknown): Checked {
  try {
    check()
    return true
  } catch (error) {
    if (isOfLaterVersion(error)) return 'newer'
    if (error instanceof ProtocolError) return false
    throw error
  }
}

function orNotOne<T>(open: () => T): T | 'not an announcement' | 'newer' {
  try {
    return open()
  } catch (error) {
    if (isOfLaterVersion(error)) return 'newer'
    if (error instanceof ProtocolError) return 'not an announcement'
    throw error
  }
}

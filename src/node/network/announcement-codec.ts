import type { AnnouncementCodec } from '../../federation/index.ts'
import {
  type Announcement,
  encodeAnnouncement,
  isAnnouncedWhole,
  MAX_ANNOUNCEMENT_BYTES,
  openHeadOnPool,
  parseAnnouncement,
  parseRecordOnPool,
  parseUnverifiedHead,
  parseUnverifiedRecord,
  ProtocolError,
  topicOf,
  type WellFormedRecord,
} from '../../protocol/index.ts'

/** Announcements of one network; `sealHeadOf` signs the head that stands for an own record too long to announce whole. */
export function announcementCodecOf(net: string, sealHeadOf: (record: WellFormedRecord) => Uint8Array): AnnouncementCodec {
  return {
    encode: record =>
      isAnnouncedWhole(record.envelope)
        ? encodeAnnouncement({ k: 'record', envelope: record.envelope })
        : encodeAnnouncement({ k: 'head', sealedHead: sealHeadOf(record) }),
    claimOf(bytes) {
      if (bytes.length > MAX_ANNOUNCEMENT_BYTES) return 'too long'
      const announcement = parsedOrNull(() => parseAnnouncement(bytes))
      const place = announcement === null ? null : parsedOrNull(() => placeOf(announcement, net))
      if (announcement === null || place === null) return 'not an announcement'
      const { publisher, feed, seq, id } = place
      return { publisher, feed, seq, id, form: announcement.k === 'record' ? 'record' : 'head', bytes: bytes.length }
    },
    async verify(bytes) {
      try {
        const announcement = parseAnnouncement(bytes)
        if (announcement.k === 'record') return { isValid: true, record: await parseRecordOnPool(announcement.envelope, { net }) }
        if (announcement.k === 'head') await openHeadOnPool(announcement.sealedHead, net)
        return { isValid: announcement.k === 'head', record: null }
      } catch (error) {
        if (error instanceof ProtocolError) return { isValid: false, record: null }
        throw error
      }
    },
    topicOf: publisher => topicOf(net, publisher),
  }
}

function placeOf(announcement: Announcement, net: string) {
  if (announcement.k === 'record') return parseUnverifiedRecord(announcement.envelope, { net }).record
  return announcement.k === 'head' ? parseUnverifiedHead(announcement.sealedHead, net).head : null
}

function parsedOrNull<T>(parse: () => T): T | null {
  try {
    return parse()
  } catch (error) {
    if (error instanceof ProtocolError) return null
    throw error
  }
}

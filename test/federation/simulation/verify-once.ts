import { type AnnouncementCodec, announcementCodecOf } from '../../../src/federation/gossip/announcement-codec.ts'
import {
  openHead,
  ProtocolError,
  parseAnnouncement,
  parseRecord,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { NET } from './cast.ts'
import { textOf } from './ledger.ts'

/** Envelopes remembered; what was forgotten is verified again. */
const MAX_REMEMBERED = 20_000

/** What every node finds out by itself costs one check an envelope, not one a node and seed. */
const outcomes = new Map<string, WellFormedRecord | Fault>()

/** Words alone: an error's stack holds the whole world of the seed that met it first. */
interface Fault {
  readonly code: ProtocolError['code']
  readonly message: string
}

/** @throws ProtocolError as `parseRecord` */
export function verifiedOnce(envelope: Uint8Array): WellFormedRecord {
  const key = textOf(envelope)
  const outcome = outcomes.get(key) ?? outcomeOf(envelope)
  if (outcomes.size >= MAX_REMEMBERED) outcomes.clear()
  outcomes.set(key, outcome)
  if ('code' in outcome) throw new ProtocolError(outcome.code, outcome.message)
  return outcome
}

function outcomeOf(envelope: Uint8Array): WellFormedRecord | Fault {
  try {
    return parseRecord(envelope, { net: NET })
  } catch (error) {
    if (error instanceof ProtocolError) return { code: error.code, message: error.message }
    throw error
  }
}

/** The real announcements. */
export function checkedOnceCodec(sealHead: (record: WellFormedRecord) => Uint8Array | null): AnnouncementCodec {
  const real = announcementCodecOf({ net: NET, sealHead })
  return {
    ...real,
    open: bytes => {
      const key = textOf(bytes)
      const known = opened.get(key) ?? real.open(bytes)
      if (opened.size >= MAX_REMEMBERED) opened.clear()
      opened.set(key, known)
      return typeof known === 'object' ? { ...known, verify: () => isValid(bytes) } : known
    },
  }
}

/** What announcements claim, which every node would find the same. */
const opened = new Map<string, ReturnType<AnnouncementCodec['open']>>()

function isValid(bytes: Uint8Array): boolean {
  const announcement = parseAnnouncement(bytes)
  try {
    if (announcement.k === 'record') verifiedOnce(announcement.envelope)
    if (announcement.k === 'head') openHead(announcement.sealedHead, NET)
    return true
  } catch (error) {
    if (error instanceof ProtocolError) return false
    throw error
  }
}

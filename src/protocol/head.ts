import { encodeCanonical, parseCanonical } from './canonical.ts'
import { parseEnvelope, type Sign, sealEnvelope, signatureChecksOf } from './envelope.ts'
import { ProtocolError } from './errors.ts'
import type { PublisherId } from './ids.ts'
import { ROOT_FEED } from './ids.ts'
import { cidOf } from './ids-parse.ts'
import { feedBytesOf, keyListOfFeed, parseKeyList, type SignatureCheck, verifySignatures } from './key-list.ts'
import type { FeedHead, KeyList } from './record.ts'
import { parseInteger, parseLink, parseMap, parseNetwork, parseWriterFeed } from './record-frame.ts'
import { HEAD_DOMAIN } from './signature-domain.ts'

const HEAD_FIELDS = ['by', 'feed', 'id', 'net', 'pub', 'seq', 'v']
/** Of the form of signed heads (section 4.5). */
export const HEAD_VERSION = 1

/**
 * A feed's head signed by the keys that sign the feed: an envelope in its own domain (section 4.5).
 * `rootKey` is the signing key list of a root feed's head, null for a writer's feed.
 */
export function sealHead(head: FeedHead, net: string, rootKey: KeyList | null, sign: Sign): Uint8Array {
  const isRoot = head.feed === ROOT_FEED
  if (isRoot !== (rootKey !== null)) throw new TypeError('a root key signs the head of a root feed, and no other')
  const payload = encodeCanonical({
    v: HEAD_VERSION,
    net,
    pub: cidOf(head.publisher),
    feed: isRoot ? null : feedBytesOf(head.feed),
    seq: head.seq,
    id: cidOf(head.id),
    by: rootKey,
  })
  return sealEnvelope(payload, rootKey ?? keyListOfFeed(head.feed), { net, domain: HEAD_DOMAIN }, sign)
}

/**
 * The head in a signed head. That a root head's key is one of the publisher's is for the root feed to say.
 * @throws ProtocolError E_SIZE, E_ENCODING, E_DEPTH, E_TEXT, E_ENVELOPE, E_VERSION, E_OTHER_NETWORK, E_RECORD, E_ALGORITHM, E_SIGNATURE
 */
export function openHead(bytes: Uint8Array, net: string): FeedHead {
  const { head, checks } = parseUnverifiedHead(bytes, net)
  verifySignatures(checks)
  return head
}

/** As openHead without the signatures; the caller verifies the checks. @throws ProtocolError as openHead */
function parseUnverifiedHead(
  bytes: Uint8Array,
  net: string,
): { readonly head: FeedHead; readonly checks: readonly SignatureCheck[] } {
  const envelope = parseEnvelope(bytes)
  const fields = parseMap(parseCanonical(envelope.payload))
  if (fields.v !== HEAD_VERSION) throw new ProtocolError('E_VERSION', 'head of an unknown format version')
  if (Object.keys(fields).sort().join() !== HEAD_FIELDS.join()) throw new ProtocolError('E_RECORD', 'head: fields')
  parseNetwork(fields.net, net)
  const feed = fields.feed === null ? ROOT_FEED : parseWriterFeed(fields.feed)
  if (feed !== ROOT_FEED && fields.by !== null) throw new ProtocolError('E_RECORD', "head: writer's feed with by")
  const signers = feed === ROOT_FEED ? parseKeyList(fields.by) : keyListOfFeed(feed)
  const head: FeedHead = {
    publisher: parseLink(fields.pub, 'pub') as string as PublisherId,
    feed,
    seq: parseInteger(fields.seq, 1, 'seq'),
    id: parseLink(fields.id, 'id'),
  }
  return { head, checks: signatureChecksOf(envelope, signers, { net, domain: HEAD_DOMAIN }) }
}

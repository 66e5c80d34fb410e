import { encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  encodeFeedRequest,
  encodeHeads,
  encodeRange,
  type FeedHead,
  type FeedId,
  MAX_ASKED_PUBLISHERS,
  MAX_FEED_RANGE_RECORDS,
  MAX_HEADS_IN_PART,
  ProtocolError,
  type PublisherId,
  parseContentRequest,
  parseDialBackAnswer,
  parseDialBackRequest,
  parseFeedRequest,
  parseHeads,
  parseHello,
  parseNodes,
  parseNodesRequest,
  parseRange,
  parseSearchHits,
  parseSearchRequest,
  type RecordId,
} from '../../../src/protocol/index.ts'

const ID = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const PUBLISHER = ID as PublisherId
const FEED = `01${'0f'.repeat(32)}` as FeedId
const HEAD: FeedHead = { publisher: PUBLISHER, feed: FEED, seq: Number.MAX_SAFE_INTEGER, id: ID as RecordId }

/** Every parser of what a peer sends: null or E_MESSAGE is a refusal, anything else thrown is a fault. */
const PARSERS: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  'a feed request': parseFeedRequest,
  heads: parseHeads,
  'a range': parseRange,
  'a search request': refusing(parseSearchRequest),
  hits: refusing(parseSearchHits),
  'a content request': refusing(parseContentRequest),
  'a nodes request': refusing(parseNodesRequest),
  nodes: refusing(parseNodes),
  'a dial-back request': refusing(parseDialBackRequest),
  'a dial-back answer': refusing(parseDialBackAnswer),
  HELLO: refusing(parseHello),
}
function refusing(parse: (bytes: Uint8Array) => unknown) {
  return (bytes: Uint8Array): unknown => {
    try {
      return parse(bytes)
    } catch (error) {
      if (error instanceof ProtocolError && error.code === 'E_MESSAGE') return null
      throw error
    }
  }
}
const each = Object.entries(PARSERS)
const hex = (text: string): Uint8Array => Buffer.from(text, 'hex')

/** An array that says it has `items` items, and as many copies of one. */
function arrayOf(items: number, item: string): Uint8Array {
  const head = Buffer.from('9a00000000', 'hex')
  head.writeUInt32BE(items, 1)
  return Buffer.concat([head, Buffer.alloc((items * item.length) / 2, item, 'hex')])
}

const REQUEST = Buffer.from(encodeFeedRequest({ ask: 'heads', publishers: [PUBLISHER] })).toString('hex')
/** Its two fields. */
const [ASK, PUBLISHERS] = [REQUEST.slice(2, 22), REQUEST.slice(22)]

describe('a message of a peer', () => {
  test('is read back as it was sent, up to its bounds', () => {
    const publishers = Array<PublisherId>(MAX_ASKED_PUBLISHERS).fill(PUBLISHER)
    for (const ask of ['heads', 'subscribe'] as const) {
      expect(parseFeedRequest(encodeFeedRequest({ ask, publishers }))).toEqual({ ask, publishers })
    }
    const range = { ask: 'range', publisher: PUBLISHER, feed: FEED, from: 1, to: ID as RecordId } as const
    expect(parseFeedRequest(encodeFeedRequest(range))).toEqual(range)
    const heads = Array<FeedHead>(MAX_HEADS_IN_PART).fill(HEAD)
    expect(encodeHeads(heads).map(parseHeads)).toEqual([heads])
    const envelopes = Array.from({ length: MAX_FEED_RANGE_RECORDS }, (_, i) => new Uint8Array(1_048).fill(i))
    expect(parseRange(encodeRange(envelopes))).toEqual(envelopes)
  })

  const hostile: [string, Uint8Array][] = [
    ['nothing', hex('')],
    ['depth 100,000', Buffer.concat([Buffer.alloc(100_000, 0x81), hex('80')])],
    ['depth 17 in an unknown field', hex(`a16178${'81'.repeat(17)}80`)],
    ['an array of 2^32-1 items', hex('9affffffff')],
    ['a map of 2^53-1 entries', hex('bb001fffffffffffff')],
    ['bytes of 2^64-1', hex('5bffffffffffffffff')],
    ['an indefinite array', hex('9fff')],
    ['a duplicate key', hex(`a3${ASK}${ASK}${PUBLISHERS}`)],
    ['unsorted keys', hex(`a2${PUBLISHERS}${ASK}`)],
    ['a float', hex('fb3ff8000000000000')],
    ['a prototype', hex('a1695f5f70726f746f5f5fa0')],
    ['two values', hex(`${REQUEST}${REQUEST}`)],
    ['heads with a fractional place', encode([[ID, FEED, 1.5, ID]])],
    ['heads with a place of -1', encode([[ID, FEED, -1, ID]])],
    ['a million empty arrays', arrayOf(1_048_000, '80')],
    ['a million empty maps', arrayOf(1_048_000, 'a0')],
    ['a million empty byte strings', arrayOf(1_048_000, '40')],
    ['half a million texts', arrayOf(524_000, '6161')],
    ['more bytes than a message may have', new Uint8Array(8 << 20).fill(0x80)],
  ]
  test.each(hostile)('that is %s is refused by every parser', (_, bytes) => {
    for (const [name, parse] of each) expect([name, parse(bytes)]).toEqual([name, null])
  })

  test('whatever its bytes are is read or refused, never a fault', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.jsonValue({ maxDepth: 4 }).map(value => encode(value)),
      fc.tuple(fc.constantFrom(...samples()), fc.nat(), fc.nat({ max: 255 })).map(([sample, at, byte]) => {
        const altered = Uint8Array.from(sample)
        altered[at % altered.length] = byte
        return altered
      }),
      fc.tuple(fc.constantFrom(...samples()), fc.nat()).map(([sample, at]) => sample.subarray(0, at % sample.length)),
    )
    fc.assert(
      fc.property(anything, bytes => {
        for (const [, parse] of each) parse(bytes)
      }),
      { numRuns: 3_000 },
    )
  })
})

function samples(): Uint8Array[] {
  return [
    encodeFeedRequest({ ask: 'subscribe', publishers: [PUBLISHER] }),
    encodeFeedRequest({ ask: 'range', publisher: PUBLISHER, feed: FEED, from: 1, to: ID as RecordId }),
    ...encodeHeads([HEAD, HEAD]),
    encodeRange([new Uint8Array(30), new Uint8Array(0)]),
    encode({ hits: [{ purl: 'pkg:npm/x@1', score: 0, publisher: ID, envelopes: [new Uint8Array(3)] }] }),
    encode({ k: 1, query: 'x', deadlineMs: 1 }),
    encode({ ask: 'blocks', cids: [ID] }),
    encode({ version: 1, features: [], maxFrame: 2_000_000 }),
  ]
}

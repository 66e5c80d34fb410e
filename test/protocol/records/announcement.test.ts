import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  encodeAnnouncement,
  encodeCanonical,
  headOf,
  openHead,
  ProtocolError,
  parseAnnouncement,
  parseRecord,
  sealHead,
  topicOf,
  topicsOf,
} from '../../../src/protocol/index.ts'
import { delegate, genesis, NET, ops, root, rootKey, writer, writerRecord } from './samples.ts'

const tagged = writerRecord([ops.tag])

describe('an announcement', () => {
  it('brings the envelope of a small record as it was sent', () => {
    const got = parseAnnouncement(encodeAnnouncement({ k: 'record', envelope: tagged.envelope }))
    expect(got.k === 'record' && parseRecord(got.envelope, { net: NET })).toEqual(tagged)
  })

  it('is refused above 4 KiB on both sides', () => {
    const long = new Uint8Array(4 * 1024 + 1)
    expect(() => encodeAnnouncement({ k: 'record', envelope: long })).toThrow(ProtocolError)
    expect(() => parseAnnouncement(encodeCanonical({ k: 'record', e: long }))).toThrow(ProtocolError)
    expect(() => parseAnnouncement(new Uint8Array(8 * 1024))).toThrow(ProtocolError)
  })

  it('of a kind unknown here is no fault of its sender', () => {
    expect(parseAnnouncement(encodeCanonical({ k: 'hint', x: 1 }))).toEqual({ k: 'unknown' })
    expect(() => parseAnnouncement(encodeCanonical({ k: 'head', e: 1 }))).toThrow(ProtocolError)
    expect(() => parseAnnouncement(encodeCanonical([]))).toThrow(ProtocolError)
  })

  it('of any bytes throws nothing but ProtocolError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
        try {
          parseAnnouncement(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
    )
  })
})

describe('a signed head', () => {
  const sealed = sealHead(headOf(tagged), NET, null, writer.sign)

  it('opens to what was sealed, in a writer feed and in the root feed', async () => {
    expect(openHead(sealed, NET)).toEqual(headOf(tagged))
    expect(openHead(sealHead(headOf(delegate), NET, rootKey, root.sign), NET)).toEqual(headOf(delegate))
  })

  it('is refused of another network, from another key or changed', () => {
    expect(() => openHead(sealed, 'other')).toThrow(ProtocolError)
    expect(() => openHead(sealHead(headOf(tagged), NET, null, root.sign), NET)).toThrow(ProtocolError)
    const changed = Uint8Array.from(sealed)
    changed[sealed.length - 3] = (changed[sealed.length - 3] ?? 0) ^ 1
    expect(() => openHead(changed, NET)).toThrow(ProtocolError)
  })

  it('is no record, and a record no head', () => {
    expect(() => parseRecord(sealed, { net: NET })).toThrow(ProtocolError)
    expect(() => openHead(tagged.envelope, NET)).toThrow(ProtocolError)
  })

  it('of a root feed is signed by a root key', () => {
    expect(() => sealHead(headOf(genesis), NET, null, root.sign)).toThrow(TypeError)
  })
})

describe('a topic', () => {
  it('is that of the publisher in its network', () => {
    expect(topicOf(NET, genesis.publisher)).toBe('/hanse/main/records/1/0')
    expect(topicsOf('acme-2', 4)).toHaveLength(4)
    expect(topicsOf(NET, 16)).toContain(topicOf(NET, genesis.publisher, 16))
  })
})

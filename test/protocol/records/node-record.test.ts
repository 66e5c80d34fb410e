import { createHash } from 'node:crypto'
import { peerIdFromString } from '@libp2p/peer-id'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  encodeCanonical,
  keyOfPeerId,
  MAX_NODE_RECORD_BYTES,
  NODE_DOMAIN,
  type NodeRecord,
  openNodeRecord,
  openNodeRecordOnPool,
  type PeerId,
  ProtocolError,
  type PublisherId,
  parseEnvelope,
  peerIdOfKey,
  RECORD_DOMAIN,
  recordIdOf,
  sealEnvelope,
  sealNodeRecord,
} from '../../../src/protocol/index.ts'
import { NET } from './samples.ts'
import { signingKey } from './signing-key.ts'

const key = signingKey(7)
const other = signingKey(8)
const publisher = (n: number) => recordIdOf(Uint8Array.of(n)) as string as PublisherId
const record: NodeRecord = {
  peer: peerIdOfKey(key.publicKey),
  at: 1_790_000_000_000,
  addresses: ['/ip4/192.0.2.1/tcp/7701', '/dns4/node.example.org/tcp/443/wss'],
  roles: ['mirror', 'of-a-later-version'],
  mirrors: [publisher(1), publisher(2)],
  software: { name: 'hanse', version: '0.5.0' },
  contact: 'abuse@example.org',
}
const sealed = sealNodeRecord(record, NET, key.sign)
const codeOf = (open: () => unknown): string => {
  try {
    open()
  } catch (error) {
    if (error instanceof ProtocolError) return error.code
    throw error
  }
  return 'taken'
}
/** An envelope of any fields, signed as it should be. */
const signed = (fields: object, domain = NODE_DOMAIN, net = NET, by = key) =>
  sealEnvelope(encodeCanonical(fields), [[1, by.publicKey]], { net, domain }, by.sign)
const { mirrors: _, ...plain } = record
const fields = { v: 1, net: NET, ...plain, mirrors: [] }

describe('a peer id', () => {
  it('carries the key of the node, as libp2p writes and reads it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), bytes => {
        const peer = peerIdOfKey(bytes)
        expect(Buffer.from(keyOfPeerId(peer))).toEqual(Buffer.from(bytes))
        expect(peerIdFromString(peer).toString()).toBe(peer)
      }),
    )
  })

  it.each(['', 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N', `${record.peer}1`, record.peer.slice(1), 'l0OI'])(
    'of %j is refused: it has no Ed25519 key',
    peer => {
      expect(codeOf(() => keyOfPeerId(peer))).toBe('E_ID')
    },
  )
})

describe('a node record', () => {
  it('opens to what was sealed, on the thread pool too', async () => {
    expect(openNodeRecord(sealed, NET)).toEqual({ ...record })
    expect(await openNodeRecordOnPool(sealed, NET)).toEqual(openNodeRecord(sealed, NET))
  })

  it('has one encoding for ever', () => {
    expect(createHash('sha256').update(parseEnvelope(sealed).payload).digest('hex')).toBe(
      '0c95950d1045c67cc7223808e6bac6575948a1fb7542917779f087a9e160a183',
    )
    expect(createHash('sha256').update(sealed).digest('hex')).toBe(
      'bcf8ac38aac60b75c4d383a21be8cfac55f6aba97c90977144d6342b81b08387',
    )
  })

  it('is signed for one network and one purpose, by the key of its own peer id', () => {
    expect(codeOf(() => openNodeRecord(sealed, 'elsewhere'))).toBe('E_OTHER_NETWORK')
    expect(codeOf(() => openNodeRecord(signed(fields), NET))).toBe('taken')
    expect(codeOf(() => openNodeRecord(signed(fields, RECORD_DOMAIN), NET))).toBe('E_SIGNATURE')
    expect(codeOf(() => openNodeRecord(signed(fields, NODE_DOMAIN, 'elsewhere'), NET))).toBe('E_SIGNATURE')
    expect(codeOf(() => openNodeRecord(signed(fields, NODE_DOMAIN, NET, other), NET))).toBe('E_SIGNATURE')
  })

  it('that is altered in one bit is refused', () => {
    fc.assert(
      fc.property(fc.nat(sealed.length * 8 - 1), bit => {
        const altered = Uint8Array.from(sealed)
        altered[bit >> 3]! ^= 1 << (bit & 7)
        expect(codeOf(() => openNodeRecord(altered, NET))).toMatch(/^E_/)
      }),
    )
  })

  it('says more in fields and roles that this version does not know', () => {
    expect(openNodeRecord(signed({ ...fields, moon: 'full' }), NET)).not.toHaveProperty('moon')
    expect(openNodeRecord(sealed, NET).roles).toContain('of-a-later-version')
    expect(codeOf(() => openNodeRecord(signed({ ...fields, v: 2 }), NET))).toBe('E_VERSION')
  })

  it.each<[string, object]>([
    ['a peer id without a key', { peer: 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N' }],
    ['17 addresses', { addresses: Array(17).fill('/ip4/192.0.2.1/tcp/1') }],
    ['an address of 257 characters', { addresses: [`/dns4/${'a'.repeat(251)}`] }],
    ['an address that is a command', { addresses: ['$(reboot)'] }],
    ['an address with an escape sequence', { addresses: ['/ip4/\u001b[2J'] }],
    ['a mirror that is text', { mirrors: ['bafy'] }],
    ['a time before 1970', { at: -1 }],
    ['a role in capitals', { roles: ['Mirror'] }],
    ['17 roles', { roles: Array(17).fill('mirror') }],
    ['a bidi name', { software: { name: 'a\u202eb', version: '1' } }],
    ['a long contact', { contact: 'x'.repeat(257) }],
    ['no software', { software: null }],
  ])('with %s is refused', (_what, change) => {
    expect(codeOf(() => openNodeRecord(signed({ ...fields, ...change }), NET))).toMatch(/^E_(RECORD|ID|TEXT)$/)
  })

  it('is at most 4 KiB: of a node that mirrors more the last mirrors are left out', () => {
    const addresses = Array.from({ length: 16 }, (_, i) => `/dns4/${'a'.repeat(120)}${i + 10}/tcp/7701`)
    const mirrors = Array.from({ length: 64 }, (_, i) => publisher(i))
    const long = sealNodeRecord({ ...record, addresses, mirrors }, NET, key.sign)
    expect(long.length).toBeLessThanOrEqual(MAX_NODE_RECORD_BYTES)
    const opened = openNodeRecord(long, NET)
    expect(opened.addresses).toEqual(addresses)
    expect(opened.mirrors).toEqual(mirrors.slice(0, opened.mirrors.length))
    expect(opened.mirrors.length).toBeGreaterThan(8)
    const endless = Array.from({ length: 16 }, (_, i) => `/dns4/${'a'.repeat(240)}${i + 10}/tcp/1`)
    expect(codeOf(() => sealNodeRecord({ ...record, addresses: endless }, NET, key.sign))).toBe('E_SIZE')
    expect(codeOf(() => openNodeRecord(new Uint8Array(MAX_NODE_RECORD_BYTES + 1), NET))).toBe('E_SIZE')
  })

  it('says whose public packages the node holds, by short tags, which are left out before any mirror', () => {
    const held = ['abcdefghij23', '234567abcdef']
    expect(openNodeRecord(sealNodeRecord({ ...record, held }, NET, key.sign), NET)).toEqual({ ...record, held })
    const addresses = Array.from({ length: 16 }, (_, i) => `/dns4/${'a'.repeat(210)}${i + 10}/tcp/7701`)
    const many = Array.from({ length: 64 }, () => 'abcdefghij23')
    const opened = openNodeRecord(sealNodeRecord({ ...record, addresses, held: many }, NET, key.sign), NET)
    expect(opened).toEqual({ ...record, addresses })
    for (const bad of [['ABCDEFGHIJ23'], ['short'], [1], 'abcdefghij23', [...many, ...held]])
      expect(codeOf(() => openNodeRecord(signed({ ...fields, held: bad }), NET))).toBe('E_RECORD')
  })

  it('of any bytes throws nothing but ProtocolError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
        expect(codeOf(() => openNodeRecord(bytes, NET))).toMatch(/^E_/)
      }),
    )
    fc.assert(
      fc.property(fc.object({ key: fc.constantFrom('v', 'net', 'peer', 'at', 'addresses', 'mirrors') }), some => {
        let envelope: Uint8Array
        try {
          envelope = signed({ ...fields, ...some })
        } catch {
          return
        }
        expect(codeOf(() => openNodeRecord(envelope, NET))).toMatch(/^(E_|taken)/)
      }),
    )
  })

  it('is not sealed if no peer would take it', () => {
    expect(codeOf(() => sealNodeRecord({ ...record, peer: 'nobody' as PeerId }, NET, key.sign))).toBe('E_ID')
    expect(codeOf(() => sealNodeRecord({ ...record, roles: ['?'] }, NET, key.sign))).toBe('E_RECORD')
  })
})

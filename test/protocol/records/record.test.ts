import { createHash } from 'node:crypto'
import { decode, encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import {
  buildGenesis,
  buildWriterRecord,
  encodeCanonical,
  ProtocolError,
  parseRecord,
  parseRecordOnPool,
  sealRecord,
  signerOf,
  type UnsignedRecord,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import * as samples from './samples.ts'
import { signingKey } from './signing-key.ts'

const { NET, TS, delegate, genesis, ops, root, rootKey, rotate, voiding, writer, writerFeed, writerRecord } = samples
const codeOf = (envelope: Uint8Array, net = NET): string => {
  try {
    parseRecord(envelope, { net })
    return 'ok'
  } catch (error) {
    if (error instanceof ProtocolError) return error.code
    throw error
  }
}
interface Opened {
  p: Uint8Array
  s: [number, number, Uint8Array][]
}
const opened = (record: WellFormedRecord): Opened => decode(record.envelope)
const releaseOp = ops.release
const writerFrame: UnsignedRecord = {
  net: NET,
  publisher: genesis.publisher,
  feed: writerFeed,
  seq: 1,
  prev: null,
  typ: 'release',
  ts: TS,
  auth: delegate.id,
  by: null,
  body: { ops: [] },
}
const written = (change: Partial<UnsignedRecord>) => sealRecord({ ...writerFrame, ...change }, writer.sign)
/** Changes the payload, signs it again as the writer, says what parsing makes of it. */
function changed(change: (payload: Record<string, unknown>) => void): string {
  const payload = decode<Record<string, unknown>>(opened(writerRecord([ops.tag])).p)
  change(payload)
  const p = encode(payload)
  const message = Buffer.concat([Buffer.from('hanse-record-v1\0'), netDigest, p])
  return codeOf(encode({ p, s: [[1, 0, writer.sign(message, 0)]] }))
}
const netDigest = createHash('sha256').update(NET).digest()

describe('records of every kind', () => {
  it('have the pinned ids', () => {
    const ids = Object.fromEntries([
      ['identity', genesis.id],
      ['delegate', delegate.id],
      ['void', voiding.id],
      ['rotate', rotate.id],
      ...Object.entries(ops).map(([kind, op]) => [kind, writerRecord([op]).id]),
    ])
    expect(ids).toMatchInlineSnapshot(`
      {
        "audience": "bafyreigyxbvqc4lmlvm6rcanxwqtf6lfrahuaksfmcnf77i7tzo42wkzqe",
        "delegate": "bafyreieg3qujs6zpnaooft62bymqaht2aozoiupppv26ijf4d37ma6yrvy",
        "deprecate": "bafyreid3wqbi5kk2iqrnjewtwalui7wmhafezkunnsyscsumcl5lhkefza",
        "holds": "bafyreia2novpcb3u2et6lbvffuf7fpxeusidgyjr6ai3dlmc32jd4w37va",
        "identity": "bafyreieemq34zrdtonrm7uhsoceefwuoabsljcg3fjju3dychu5a7yjs3i",
        "member": "bafyreiceu7msfyo3hlxtbj7layjyyu4mrtzfzrtp2opa266sqvx456uzl4",
        "origin": "bafyreidnsxnyzeupehm4s6hqhwqh74hmfb2rf46q2n27ca4ot5fdcifcme",
        "profile": "bafyreiaefqnno7anymifkqwhrkr7y7vkppgaebxab6b75uwhw4twqt67ai",
        "release": "bafyreicbhqjnf5md2qn4ol4hx6dnlhpwrioch5blbveehx5tepybnbpp2y",
        "rotate": "bafyreieyxzo77jp4e2c7cd3xudsiisu67dkizzlvyoujfhb7me7bfypi6q",
        "tag": "bafyreicfwwuylqvfl6uustl4yvpoobtdaajcvy4xquk44ov5l7z6ljmq4e",
        "void": "bafyreigmvpqcr27uldswfhfcfvjba7zvidfwqzmiuqd5s2vj5hs6yzm6de",
        "yank": "bafyreidp4n2e6kxhstsgdeq7ncrftz7zqb46ukcmxurrfurgcjy5kmej6i",
      }
    `)
  })

  it('come back from their envelope as they were built', async () => {
    for (const record of [genesis, delegate, voiding, rotate, ...Object.values(ops).map(op => writerRecord([op]))]) {
      expect(record.understood).not.toBeNull()
      expect(parseRecord(record.envelope, { net: NET })).toEqual(record)
      expect(await parseRecordOnPool(record.envelope, { net: NET })).toEqual(record)
    }
  })

  it('carry their ops unchanged', () => {
    for (const op of Object.values(ops)) {
      expect(writerRecord([op]).understood).toEqual({ typ: 'ops', ops: [op] })
    }
  })

  it('say who signed the root feed', () => {
    expect([genesis.signer, delegate.signer]).toEqual([signerOf(rootKey), signerOf(rootKey)])
    expect(rotate.signer).toBe(signerOf(samples.recoveryKey))
    expect(writerRecord([ops.tag]).signer).toBe('')
  })

  it('take their dependencies sorted and once each', () => {
    const a: [string, string, string] = ['a', '^1', 'runtime']
    const b: [string, string, string] = ['b', '', 'dev']
    const op = { ...(releaseOp as Extract<typeof releaseOp, { op: 'release' }>), summary: { dependencies: [b, a, b] } }
    expect(writerRecord([op]).understood).toEqual({ typ: 'ops', ops: [{ ...op, summary: { dependencies: [a, b] } }] })
  })

  it('are not built with a body outside its schema', () => {
    const build = (op: typeof releaseOp) => () => writerRecord([op])
    expect(build({ ...ops.tag, tag: 'a\nb' } as typeof releaseOp)).toThrow(ProtocolError)
    expect(build({ ...ops.tag, purl: 'pkg:npm/A%2fb' } as typeof releaseOp)).toThrow(ProtocolError)
    expect(() => buildWriterRecord({ ...writerFrame, ...place, typ: 'tag', ops: [releaseOp] }, writer.sign)).toThrow(
      ProtocolError,
    )
  })
})
const place = { publisher: genesis.publisher, feed: writerFeed, auth: delegate.id }

describe('a stranger', () => {
  it('is refused a record of another network', () => {
    expect(codeOf(genesis.envelope, 'other')).toBe('E_OTHER_NETWORK')
  })

  it('is refused more than 64 KiB', () => {
    expect(codeOf(new Uint8Array(64 * 1024 + 1))).toBe('E_SIZE')
  })

  it('is refused an envelope with a field more or less', () => {
    const { p, s } = opened(genesis)
    expect([encode({ p }), encode({ p, s, x: 1 }), encode({ p, s: [] }), encode([p, s])].map(e => codeOf(e))).toEqual(
      Array(4).fill('E_ENVELOPE'),
    )
  })

  it('is refused a signature that is broken, twice, superfluous, of an unknown key or another algorithm', () => {
    const { p, s } = opened(genesis)
    const signature = s[0]?.[2] ?? new Uint8Array()
    const broken = Uint8Array.from(signature).fill(1, 40, 44)
    expect(codeOf(encode({ p, s: [[1, 0, broken]] }))).toBe('E_SIGNATURE')
    expect(
      codeOf(
        encode({
          p,
          s: [
            [1, 0, signature],
            [1, 0, signature],
          ],
        }),
      ),
    ).toBe('E_ENVELOPE')
    expect(
      codeOf(
        encode({
          p,
          s: [
            [1, 0, signature],
            [1, 1, signature],
          ],
        }),
      ),
    ).toBe('E_ENVELOPE')
    expect(codeOf(encode({ p, s: [[1, 1, signature]] }))).toBe('E_ENVELOPE')
    expect(codeOf(encode({ p, s: [[2, 0, signature]] }))).toBe('E_ENVELOPE')
  })

  it("is refused a record signed by another key than its feed's", () => {
    expect(() => sealRecord(writerFrame, root.sign)).toThrow(ProtocolError)
  })

  it('is refused a payload that is not in the profile', () => {
    const p = Buffer.from('a2616201616102', 'hex')
    expect(codeOf(encode({ p, s: [[1, 0, new Uint8Array(64)]] }))).toBe('E_ENCODING')
  })

  it.each<[string, Partial<UnsignedRecord>, string]>([
    ['seq 0', { seq: 0 }, 'E_RECORD'],
    ['a predecessor at 1', { prev: genesis.id }, 'E_RECORD'],
    ['no predecessor at 2', { seq: 2 }, 'E_RECORD'],
    ['no auth', { auth: null }, 'E_RECORD'],
    ['a signing key list in a writer feed', { by: rootKey }, 'E_RECORD'],
    ['a negative time', { ts: -1 }, 'E_RECORD'],
    ['a kind in capitals', { typ: 'Release' }, 'E_RECORD'],
    ['a network id in capitals', { net: 'Main' }, 'E_RECORD'],
    ['a root record at 1', { feed: null, auth: null, by: rootKey, prev: genesis.id }, 'E_RECORD'],
    ['a root record without its keys', { feed: null, auth: null, seq: 2, prev: genesis.id }, 'E_RECORD'],
    ['a genesis of another kind', { publisher: null, feed: null, auth: null }, 'E_RECORD'],
  ])('is refused %s', (_, change, code) => {
    try {
      written(change)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ name: 'ProtocolError', code })
    }
  })
})

describe('a newer peer', () => {
  const inert = (record: WellFormedRecord) => expect(record.understood).toBeNull()

  it('may use kinds, fields and bodies unknown here: kept and inert', () => {
    const tag = { purl: 'pkg:npm/x', tag: 'latest', version: '1.0.0' }
    expect(written({ typ: 'tag', body: { ops: [tag] } }).understood).not.toBeNull()
    inert(written({ typ: 'advisory', body: { anything: [1, 2] } }))
    inert(written({ typ: 'tag', body: { ops: [{ ...tag, since: 3 }] } }))
    inert(written({ typ: 'tag', body: { ops: [tag], note: 'x' } }))
    inert(written({ typ: 'tag', body: { ops: [] } }))
    inert(written({ typ: 'tag', body: { ops: Array(257).fill(tag) } }))
    inert(written({ typ: 'tag', body: { ops: [{ ...tag, tag: 'a\u202eb' }] } }))
    inert(written({ typ: 'tag', body: { ops: [{ ...tag, version: 1 }] } }))
    inert(written({ typ: 'tag', body: { ops: [{ ...tag, purl: 'pkg:npm/x@1' }] } }))
    inert(written({ typ: 'delegate', body: {} }))
    inert(written({ typ: 'identity', body: {} }))
    inert(written({ typ: 'constructor', body: {} }))
  })

  it('may add a field to the frame', () => {
    expect(changed(payload => void payload)).toBe('ok')
    expect(changed(payload => Object.assign(payload, { extra: 1 }))).toBe('ok')
    expect(changed(payload => Object.assign(payload, { v: 2 }))).toBe('E_VERSION')
    expect(changed(payload => delete payload.ts)).toBe('E_RECORD')
    expect(changed(payload => Object.assign(payload, { feed: Buffer.alloc(33, 2) }))).toBe('E_ALGORITHM')
    expect(
      changed(payload =>
        Object.assign(payload, { pub: CID.parse('bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e') }),
      ),
    ).toBe('E_RECORD')
  })

  it('may make an identity of a higher threshold, which is inert rather than weaker', () => {
    const { body } = decode<{ body: Record<string, unknown> }>(opened(genesis).p)
    const frame = { ...writerFrame, publisher: null, feed: null, auth: null, typ: 'identity' }
    inert(sealRecord({ ...frame, body: { ...body, threshold: 2 } }, root.sign))
  })

  it('may void, delegate and rotate in ways unknown here', () => {
    const frame = { ...writerFrame, feed: null, auth: null, by: rootKey, seq: 2, prev: genesis.id }
    const feed = Buffer.from(writerFeed, 'hex')
    const key = [1, writer.publicKey]
    const body = { feed, key, role: 'publish', scope: [], visibility: 'public' }
    const as = (typ: string, map: Record<string, unknown>) => sealRecord({ ...frame, typ, body: map }, root.sign)
    expect(as('delegate', body).understood).not.toBeNull()
    const expiring = as('delegate', { ...body, expires: 1_800_000_000_000 })
    expect(expiring.understood).toMatchObject({ expires: 1_800_000_000_000 })
    expect(expiring.id).toMatchInlineSnapshot(`"bafyreibgyeammld7m5jronnmbtlbessk6ofobkk6irr6noypavsgrs5lvu"`)
    inert(as('delegate', { ...body, expires: -1 }))
    inert(as('delegate', { ...body, expires: null }))
    expect(as('delegate', { ...body, visibility: 'listed' }).understood).toMatchObject({ visibility: 'listed' })
    inert(as('delegate', { ...body, visibility: 'some' }))
    inert(as('delegate', { ...body, visibility: 'listed', scope: ['npm:@secret/*'] }))
    inert(as('delegate', { ...body, key: [1, root.publicKey] }))
    inert(as('delegate', { ...body, visibility: 'private', scope: ['npm:@secret/*'] }))
    inert(as('void', { feed, from: 0, head: null, reason: '' }))
    inert(as('void', { feed, from: 1, head: CID.parse(genesis.id), reason: '' }))
    inert(as('rotate', { keys: [rootKey] }))
    inert(as('approve', {}))
  })
})

describe('signing', () => {
  it('lets a root key of two keys verify only with both signatures', () => {
    const second = signingKey(9)
    const frame = { ...writerFrame, publisher: null, feed: null, auth: null, typ: 'identity' }
    const keys = [[...rootKey, [1, second.publicKey] as const]]
    const body = { keys, threshold: 1, next: [], recovery: [], salt: new Uint8Array(16) }
    const both = sealRecord({ ...frame, body }, (bytes, index) => (index === 0 ? root : second).sign(bytes, index))
    expect(both.understood).not.toBeNull()
    const { p, s } = opened(both)
    expect(codeOf(encode({ p, s: s.slice(0, 1) }))).toBe('E_ENVELOPE')
    expect(codeOf(encode({ p, s: [...s].reverse() }))).toBe('E_ENVELOPE')
  })

  it('is deterministic, and the salt alone makes another publisher', () => {
    const input = { net: NET, ts: TS, rootKey: root.publicKey, recoveryKeyDigest: new Uint8Array(32) }
    const one = buildGenesis({ ...input, salt: new Uint8Array(16) }, root.sign)
    expect(buildGenesis({ ...input, salt: new Uint8Array(16) }, root.sign)).toEqual(one)
    expect(buildGenesis({ ...input, salt: new Uint8Array(16).fill(1) }, root.sign).id).not.toBe(one.id)
  })
})

describe('any bytes', () => {
  it('are a record that encodes again to them, or a ProtocolError', () => {
    const envelopes = [genesis, delegate, voiding, rotate, ...Object.values(ops).map(op => writerRecord([op]))]
    const change = fc.record({ at: fc.nat(), value: fc.nat(255), cut: fc.boolean() })
    fc.assert(
      fc.property(
        fc.constantFrom(...envelopes),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        (record, changes) => {
          let bytes = Uint8Array.from(record.envelope)
          for (const { at, value, cut } of changes) {
            bytes[at % bytes.length] = value
            if (cut) bytes = bytes.slice(0, (at % bytes.length) + 1)
          }
          if (Buffer.compare(bytes, record.envelope) !== 0) expect(codeOf(bytes)).not.toBe('ok')
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('inside a body never make parsing throw anything else', () => {
    const body = fc.dictionary(
      fc.constantFrom('ops', 'purl', 'tag', 'keys', 'feed', 'x'),
      fc.jsonValue({ maxDepth: 4 }),
    )
    const kind = fc.constantFrom('release', 'yank', 'tag', 'origin', 'holds', 'profile', 'deprecate')
    fc.assert(
      fc.property(kind, body, (typ, map) => {
        try {
          encodeCanonical(map)
        } catch {
          return
        }
        expect(written({ typ, body: map }).typ).toBe(typ)
      }),
    )
  })
})

import { encode } from '@ipld/dag-cbor'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeCanonical } from '../../../src/protocol/canonical-decode.ts'
import { endOfPlain } from '../../../src/protocol/canonical-skip.ts'
import { cidOf, ProtocolError } from '../../../src/protocol/index.ts'
import { parseAnyFrame, parseRecordFrame } from '../../../src/protocol/record-frame.ts'
import { readWriterFrame } from '../../../src/protocol/writer-frame.ts'
import { delegate, genesis, NET, voiding, writer } from './samples.ts'

const MAX_ITEMS = 4096
const key = fc.oneof(
  fc.stringMatching(/^[a-z][a-zA-Z0-9]{0,24}$/),
  fc.constantFrom('a', 'constructor', 'prototype', 'construct', 'prototypes', 'artifacts'),
)
const { value } = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.maxSafeInteger().map(number => number + 0),
    fc.constantFrom(
      0,
      23,
      24,
      255,
      256,
      65_535,
      65_536,
      2 ** 32 - 1,
      2 ** 32,
      Number.MAX_SAFE_INTEGER,
      -1,
      -(2 ** 53) + 1,
    ),
    fc.boolean(),
    fc.constant(null),
    fc.string({ unit: 'grapheme' }),
    fc.string(),
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(genesis.id, delegate.id).map(cidOf),
    fc.array(tie('value'), { maxLength: 30 }),
    fc.dictionary(key, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
}))
const body = fc.dictionary(key, value, { maxKeys: 6, noNullPrototype: true })
const link = fc.constantFrom(genesis.id, delegate.id, voiding.id).map(cidOf)

/** Nearly all are frames of writers. */
const payload = fc
  .record({
    v: fc.constantFrom(1, 1, 1, 1, 2),
    net: fc.constantFrom(NET, NET, NET, NET, 'other', 'A', ''),
    pub: fc.oneof({ weight: 8, arbitrary: link }, fc.constant(null)),
    feed: fc.oneof(
      { weight: 8, arbitrary: fc.constant(Buffer.concat([Uint8Array.of(1), writer.publicKey])) },
      fc.uint8Array({ minLength: 32, maxLength: 34 }),
      fc.constant(null),
    ),
    seq: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 2, max: 2 ** 40 }) }, fc.integer({ min: -1, max: 2 })),
    prev: fc.oneof({ weight: 8, arbitrary: link }, fc.constant(null)),
    typ: fc.oneof({ weight: 8, arbitrary: fc.constantFrom('release', 'yank', 'x') }, fc.string({ maxLength: 40 })),
    ts: fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 0, max: 2 ** 50 }) }, fc.integer({ min: -1, max: 30 })),
    auth: fc.oneof({ weight: 8, arbitrary: link }, fc.constant(null)),
    by: fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, fc.constant([[1, writer.publicKey]])),
    body: fc.oneof({ weight: 8, arbitrary: body }, value),
  })
  .map(fields => encode(fields))

/** As it is, cut short, longer, or with bytes changed. */
const spoilt = (bytes: fc.Arbitrary<Uint8Array>) =>
  fc
    .tuple(bytes, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }), fc.constantFrom(0, 0, 0, 0, -1, 1))
    .map(([whole, changes, more]) => {
      const changed = Buffer.concat([whole, Buffer.alloc(1)]).subarray(0, whole.length + more)
      for (const [at, byte] of changes) changed[at % changed.length] = byte
      return Uint8Array.from(changed)
    })

const outcomeOf = <T>(run: () => T): T | string => {
  try {
    return run()
  } catch (error) {
    if (error instanceof ProtocolError) return error.code
    throw error
  }
}
const fieldsOf = (frame: ReturnType<typeof parseRecordFrame>) => {
  const { net, publisher, feed, seq, prev, typ, ts, auth, signers, rootKey, body, hasUnknownFields } = frame
  return { net, publisher, feed, seq, prev, typ, ts, auth, signers, rootKey, body, hasUnknownFields }
}

describe('a value that is stepped over', () => {
  it('is canonical, and ends where the decoder ends', () => {
    fc.assert(
      fc.property(spoilt(value.map(each => encode(each))), bytes => {
        const end = endOfPlain(bytes, 0, 0)
        if (end >= 0)
          expect(typeof outcomeOf(() => ({ is: decodeCanonical(bytes.subarray(0, end), MAX_ITEMS) }))).toBe('object')
      }),
      { numRuns: 3_000 },
    )
  })

  it.each([
    [
      'a release',
      { artifacts: [{ name: 'x', cid: cidOf(genesis.id), size: 1 }], summary: { description: 'd', scripts: false } },
    ],
    ['numbers of every size', [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 40, -1, -256]],
  ])('may be %s', (_what, plain) => {
    const bytes = encode(plain)
    expect(endOfPlain(bytes, 0, 0)).toBe(bytes.length)
  })

  it.each([
    ['an unsorted key', 'a2616201616102'],
    ['a forbidden key', 'a16970726f746f7479706500'],
    ['a number that is not in its shortest form', '1801'],
    ['wide text, of which the decoder knows more', '62c3a4'],
    ['a link of another hash', `d82a58250001711120${'00'.repeat(32)}`],
    ['an array longer than the input', '82'],
    ['seventeen arrays', `${'81'.repeat(17)}00`],
    ['nothing', ''],
  ])('is never %s', (_what, hex) => {
    expect(endOfPlain(Buffer.from(hex, 'hex'), 0, 0)).toBe(-1)
  })
})

describe('the quick way to read the frame of a writer', () => {
  it('gives what the other gives, whatever the bytes', () => {
    fc.assert(
      fc.property(spoilt(payload), bytes => {
        const quick = readWriterFrame(bytes, NET)
        if (quick !== null) expect(fieldsOf(quick)).toEqual(outcomeOf(() => fieldsOf(parseAnyFrame(bytes, NET))))
      }),
      { numRuns: 3_000 },
    )
  })

  it('reads most of them', () => {
    const [sample] = fc.sample(
      payload.filter(bytes => typeof outcomeOf(() => parseAnyFrame(bytes, NET)) === 'object'),
      1,
    )
    const plain = encode({
      ...{ v: 1, net: NET, pub: cidOf(genesis.id), seq: 2, prev: cidOf(delegate.id), typ: 'release', ts: 5 },
      ...{
        feed: Buffer.concat([Uint8Array.of(1), writer.publicKey]),
        auth: cidOf(delegate.id),
        by: null,
        body: { ops: [] },
      },
    })
    expect(readWriterFrame(plain, NET)?.body).toEqual({ ops: [] })
    expect(readWriterFrame(plain, 'other')).toBeNull()
    expect(typeof outcomeOf(() => parseRecordFrame(sample!, NET))).toBe('object')
  })
})

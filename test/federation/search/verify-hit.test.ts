import { describe, expect, it } from 'vitest'
import { VerifiedRecords } from '../../../src/federation/search/verified-records.ts'
import { verifyHit } from '../../../src/federation/search/verify-hit.ts'
import { encodeSearchHits, type PublisherId, parseSearchHits, type SearchHit } from '../../../src/protocol/index.ts'
import { MAX_NAME_BYTES, MAX_VERSION_BYTES } from '../../../src/protocol/limits.ts'
import { delegateOf, goodHit, hitOf, NET, publisherOf, releaseOf, rotateOf, testKey } from './signed-hits.ts'

const PURL = 'pkg:npm/left-pad@1.0.0'
const acme = publisherOf(1)
const release = releaseOf(acme, PURL)
const verify = async (hit: SearchHit) => {
  const verified = await verifyHit(hit, new VerifiedRecords(NET))
  if (verified === 'newer') throw new Error('of a later version')
  return verified
}

describe('a federated hit verifies', () => {
  it('when the genesis delegated to the feed that released it', async () => {
    const verified = await verify(goodHit(1, PURL, 'pads left'))
    expect(verified).toMatchObject({ publisher: acme.genesis.publisher, purl: PURL, package: 'pkg:npm/left-pad' })
    expect(verified).toMatchObject({ version: '1.0.0', expires: null, summary: { description: 'pads left' } })
    expect(verified?.at).toMatchObject({ publisher: acme.genesis.publisher, seq: 1 })
  })

  it('also when its delegate expires, and says when: time is the asker’s question', async () => {
    const delegate = delegateOf(acme, { body: { expires: 1 } })
    expect((await verify(hitOf(PURL, [acme.genesis, delegate, release])))?.expires).toBe(1)
  })

  it('when the delegate is signed by the key that a recovery rotated to', async () => {
    const fresh = testKey(50)
    const rotate = rotateOf(acme, fresh)
    const delegate = delegateOf(acme, { by: fresh, seq: 3, after: rotate })
    expect(await verify(hitOf(PURL, [acme.genesis, rotate, delegate, release]))).not.toBeNull()
  })

  it('when the scope of the delegate covers the name', async () => {
    const delegate = delegateOf(acme, { body: { scope: ['npm:left-*'] } })
    expect(await verify(hitOf(PURL, [acme.genesis, delegate, release]))).not.toBeNull()
  })
})

it('a hit with the longest name that a record may release travels: who tells of it is not to blame', async () => {
  const name = encodeURIComponent('é'.repeat(MAX_NAME_BYTES / 2))
  const hit = goodHit(1, `pkg:generic/${name}@${encodeURIComponent('é'.repeat(MAX_VERSION_BYTES / 2))}`)
  const [arrived] = parseSearchHits(encodeSearchHits({ hits: [hit] })).hits
  expect(await verify(arrived!)).toMatchObject({ purl: hit.purl })
})

describe('a federated hit is dropped', () => {
  const refused: [string, () => SearchHit][] = [
    [
      'another publisher is named',
      () => ({ ...goodHit(1, PURL), publisher: publisherOf(9).genesis.publisher as PublisherId }),
    ],
    ['another package is named', () => ({ ...goodHit(1, PURL), purl: 'pkg:npm/lodash@1.0.0' as SearchHit['purl'] })],
    ['the genesis is of another publisher', () => hitOf(PURL, [publisherOf(9).genesis, delegateOf(acme), release])],
    [
      'a stranger signed the delegate',
      () => hitOf(PURL, [acme.genesis, delegateOf(acme, { by: testKey(60) }), release]),
    ],
    [
      'a stranger wrote the release',
      () => hitOf(PURL, [acme.genesis, delegateOf(acme), releaseOf(acme, PURL, { by: testKey(61) })]),
    ],
    [
      'a stranger rotated the keys',
      () => {
        const thief = testKey(62)
        const rotate = rotateOf(acme, thief, thief)
        return hitOf(PURL, [acme.genesis, rotate, delegateOf(acme, { by: thief, seq: 3, after: rotate }), release])
      },
    ],
    [
      'the old key signed after a rotate',
      () => {
        const rotate = rotateOf(acme, testKey(50))
        return hitOf(PURL, [acme.genesis, rotate, delegateOf(acme, { seq: 3, after: rotate }), release])
      },
    ],
    [
      'the feed is private',
      () => hitOf(PURL, [acme.genesis, delegateOf(acme, { body: { visibility: 'private' } }), release]),
    ],
    [
      'the name is out of scope',
      () => hitOf(PURL, [acme.genesis, delegateOf(acme, { body: { scope: ['npm:@acme/*'] } }), release]),
    ],
    ['the delegate is missing', () => hitOf(PURL, [acme.genesis, release])],
    [
      'an envelope is garbage',
      () => ({ ...goodHit(1, PURL), envelopes: [new Uint8Array(9), new Uint8Array(9), new Uint8Array(9)] }),
    ],
  ]
  it.each(refused)('when %s', async (_, hit) => {
    expect(await verify(hit())).toBeNull()
  })

  it('when any byte of any envelope is altered', async () => {
    const hit = goodHit(1, PURL)
    for (let i = 0; i < 90; i++) {
      const envelopes = hit.envelopes.map(bytes => bytes.slice())
      const altered = envelopes[i % 3]!
      altered[(i * 37) % altered.length]! ^= 1
      expect(await verify({ ...hit, envelopes })).toBeNull()
    }
  })

  it('when it was made for another network', async () => {
    expect(await verifyHit(goodHit(1, PURL), new VerifiedRecords('other'))).toBeNull()
  })
})

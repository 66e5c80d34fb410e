import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  buildGenesis,
  buildRootRecord,
  buildWriterRecord,
  ed25519KeyList,
  feedIdOf,
  foldPublisher,
  keyListDigestOf,
} from '../../../src/protocol/index.ts'

function newKey(): { bytes: Uint8Array; sign: (bytes: Uint8Array) => Uint8Array } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const bytes = (publicKey as KeyObject).export({ format: 'der', type: 'spki' }).subarray(-32)
  return { bytes, sign: data => sign(null, data, privateKey) }
}

test('signed records fold as built: delegate, recovery rotate, delegate by the new key, tag', () => {
  const [root, recovery, newRoot, writer] = [newKey(), newKey(), newKey(), newKey()]
  const recoveryKeyDigest = keyListDigestOf(ed25519KeyList(recovery.bytes))
  const salt = Buffer.alloc(16, 7)
  const place = { net: 'main', ts: 0 }
  const genesis = buildGenesis({ ...place, rootKey: root.bytes, recoveryKeyDigest, salt }, root.sign)
  const { publisher } = genesis
  const rotate = buildRootRecord(
    {
      ...place,
      publisher,
      seq: 2,
      prev: genesis.id,
      by: ed25519KeyList(recovery.bytes),
      body: {
        typ: 'rotate',
        keys: [ed25519KeyList(newRoot.bytes)],
        threshold: 1,
        next: [],
        recovery: [recoveryKeyDigest],
        salt,
      },
    },
    recovery.sign,
  )
  const key = [1, writer.bytes] as const
  const feed = feedIdOf(key)
  const delegate = buildRootRecord(
    {
      ...place,
      publisher,
      seq: 3,
      prev: rotate.id,
      by: ed25519KeyList(newRoot.bytes),
      body: { typ: 'delegate', feed, key, role: 'writer', scope: ['npm:*'], visibility: 'public' },
    },
    newRoot.sign,
  )
  const tagged = buildWriterRecord(
    {
      ...place,
      publisher,
      feed,
      seq: 1,
      prev: null,
      auth: delegate.id,
      typ: 'tag',
      ops: [{ op: 'tag', purl: 'pkg:npm/x' as never, tag: 'latest', version: '1.0.0' }],
    },
    writer.sign,
  )
  const folded = foldPublisher(publisher, [tagged, delegate, rotate, genesis])
  expect(folded.feeds).toMatchObject([
    { feed: 'root', end: 4, head: delegate.id, reason: 'open' },
    { feed, end: 2, head: tagged.id, reason: 'open', visibility: 'public', role: 'writer' },
  ])
  expect([...(folded.packages.get('pkg:npm/x' as never)?.tags ?? [])]).toEqual([['latest', '1.0.0']])
})

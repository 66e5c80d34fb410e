import {
  type BlockId,
  buildGenesis,
  buildRootRecord,
  buildWriterRecord,
  type DelegateBody,
  ed25519KeyList,
  feedIdOf,
  keyListDigestOf,
  type Op,
  type PackageName,
  type PeerId,
  type ReleaseName,
  type Sha256,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { signingKey } from './signing-key.ts'

export const NET = 'main'
export const TS = 1_790_000_000_000
export const root = signingKey(1)
const recovery = signingKey(2)
export const writer = signingKey(3)
export const rootKey = ed25519KeyList(root.publicKey)
export const recoveryKey = ed25519KeyList(recovery.publicKey)
export const writerFeed = feedIdOf([1, writer.publicKey])

export const genesis = buildGenesis(
  {
    net: NET,
    ts: TS,
    rootKey: root.publicKey,
    recoveryKeyDigest: keyListDigestOf(recoveryKey),
    salt: new Uint8Array(16).fill(7),
  },
  root.sign,
)
const delegateBody: DelegateBody = {
  typ: 'delegate',
  feed: writerFeed,
  key: [1, writer.publicKey],
  role: 'publish',
  scope: [],
  visibility: 'public',
}
const place = { net: NET, publisher: genesis.publisher, ts: TS }
export const delegate = buildRootRecord(
  { ...place, seq: 2, prev: genesis.id, by: rootKey, body: delegateBody },
  root.sign,
)
export const voiding = buildRootRecord(
  {
    ...place,
    seq: 3,
    prev: delegate.id,
    by: rootKey,
    body: { typ: 'void', feed: writerFeed, from: 2, head: genesis.id, reason: 'stolen laptop' },
  },
  root.sign,
)
export const rotate = buildRootRecord(
  {
    ...place,
    seq: 3,
    prev: delegate.id,
    by: recoveryKey,
    body: {
      typ: 'rotate',
      keys: [ed25519KeyList(signingKey(4).publicKey)],
      threshold: 1,
      next: [],
      recovery: [keyListDigestOf(ed25519KeyList(signingKey(5).publicKey))],
      salt: new Uint8Array(16).fill(8),
    },
  },
  recovery.sign,
)

const artifact = {
  name: 'x-1.2.0.tgz',
  cid: 'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e' as BlockId,
  size: 1234,
  sha256: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9' as Sha256,
  integrity: ['sha512-AAAA'],
}
const purl = 'pkg:npm/%40acme/x' as PackageName
const releasePurl = 'pkg:npm/%40acme/x@1.2.0' as ReleaseName
const peer = '12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5' as PeerId

/** One op of every kind of a writer's feed. */
export const ops: { readonly [Kind in Op['op']]: Op } = {
  release: {
    op: 'release',
    purl: releasePurl,
    artifacts: [artifact],
    summary: {
      description: 'Knots and hitches',
      keywords: ['rope'],
      license: 'MIT',
      dependencies: [['left-pad', '^1.3.0', 'runtime']],
      scripts: false,
    },
    manifest: { media: 'application/json', bytes: Uint8Array.from(Buffer.from('{"name":"@acme/x"}')) },
  },
  yank: { op: 'yank', target: { purl: releasePurl, reason: 'leaks' } },
  deprecate: { op: 'deprecate', target: { at: [genesis.id, 0], reason: 'use y' } },
  tag: { op: 'tag', purl, tag: 'latest', version: '1.2.0' },
  origin: { op: 'origin', purl: releasePurl, upstream: 'npmjs', digest: 'sha512-AAAA', time: null, artifact },
  holds: { op: 'holds', peer, publishers: [genesis.publisher], cids: [artifact.cid], undo: false },
  audience: { op: 'audience', peers: [peer], undo: false },
  member: { op: 'member', peer, name: 'site a', undo: false },
  profile: { op: 'profile', name: 'Acme', nodes: [peer], contact: 'mailto:ops@acme.example' },
}

/** A writer's record of these ops, the first of its feed. */
export function writerRecord(list: readonly [Op, ...Op[]], ts = TS): WellFormedRecord {
  const input = { ...place, ts, feed: writerFeed, seq: 1, prev: null, auth: delegate.id, typ: list[0].op, ops: list }
  return buildWriterRecord(input, writer.sign)
}

import { createHash } from 'node:crypto'
import { signingKeyOf } from '../../../src/node/identity/ed25519-key.ts'
import type { Identity } from '../../../src/node/identity/identity-file.ts'
import type { FeedVisibility } from '../../../src/node/library/own-feeds.ts'
import { publisherOf } from '../../../src/node/library/own-root.ts'
import {
  ED25519,
  type FeedId,
  feedIdOf,
  MAX_ANNOUNCED_ENVELOPE_BYTES,
  type Op,
  type PackageName,
  type PublisherId,
  type ReleaseName,
  type ReleaseOp,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { NET } from './cast.ts'

/** When everything is said to have been written, ms since 1970. */
const TS = 1_750_000_000_000

/** A publisher that writes with the product's writer, at one node. */
export interface HonestPublisher {
  readonly word: string
  readonly identity: Identity
  readonly id: PublisherId
  readonly hiddenFeed: FeedId
}

/** What a publisher does, one record after the other; `before` are those it has written. */
export type Intent = (before: readonly WellFormedRecord[]) => {
  readonly visibility: FeedVisibility
  readonly op: Op
}

export function honestPublisher(word: string): HonestPublisher {
  const identity = identityOf(word)
  const hiddenFeed = feedIdOf([ED25519, identity.writers.private.publicKey])
  return { word, identity, id: publisherOf(NET, identity), hiddenFeed }
}

/** Releases, a withdrawal and its undoing, marks, tags, one record too long to be announced, one that is nobody's business. */
export const INTENTS: readonly Intent[] = [
  () => shared(release('1.0.0')),
  () => shared({ op: 'tag', purl: name, tag: 'latest', version: '1.0.0' }),
  before => shared({ op: 'yank', target: { at: [before[0]!.id, 0], reason: 'broken' } }),
  () => ({ visibility: 'private', op: release('9.9.9') }),
  before => shared({ op: 'yank', target: { undo: [[before[2]!.id, 0]] } }),
  () => shared(release('1.1.0', '.'.repeat(MAX_ANNOUNCED_ENVELOPE_BYTES))),
  () => shared({ op: 'deprecate', target: { purl: name, reason: 'use another' } }),
  () => shared({ op: 'tag', purl: name, tag: 'latest', version: null }),
]

/** One more release, of the end of the story. */
export const LAST_INTENT: Intent = () => shared(release('2.0.0'))

export const claimedMs = (skewMs: number): number => TS + skewMs

const name = 'pkg:npm/made' as PackageName
const shared = (op: Op) => ({ visibility: 'public', op }) as const

function release(version: string, manifest = ''): ReleaseOp {
  const sha256 = createHash('sha256').update(version).digest('hex') as never
  const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy' as never
  return {
    op: 'release',
    purl: `${name}@${version}` as ReleaseName,
    artifacts: [{ name: `made-${version}.tgz`, cid, size: 1, sha256 }],
    summary: {},
    ...(manifest === '' ? {} : { manifest: { media: 'text/plain', bytes: Buffer.from(manifest) } }),
  }
}

function identityOf(word: string): Identity {
  const key = (use: string) => signingKeyOf(createHash('sha256').update(`${word} ${use}`).digest())
  return {
    node: key('node'),
    root: key('root'),
    recovery: key('recovery'),
    writers: { public: key('public'), private: key('private') },
    audiences: [],
    salt: new Uint8Array(16),
    recoveryExported: true,
    createdAt: TS,
    restored: null,
  }
}

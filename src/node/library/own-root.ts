import {
  buildGenesis,
  buildRootRecord,
  ED25519,
  ed25519KeyList,
  type FeedId,
  keyListDigestOf,
  type PublisherId,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import type { Identity } from '../identity/identity-file.ts'
import type { FeedVisibility } from './writer.ts'

/** The publisher id that an identity's genesis makes on a network. */
export function publisherOf(net: string, identity: Identity): PublisherId {
  return genesisOf(net, identity).publisher
}

function genesisOf(net: string, { root, recovery, salt, createdAt: ts }: Identity): WellFormedRecord {
  const recoveryKeyDigest = keyListDigestOf(ed25519KeyList(recovery.publicKey))
  return buildGenesis({ net, ts, rootKey: root.publicKey, recoveryKeyDigest, salt }, root.sign)
}

/** Genesis and delegates follow from the identity file alone: a wiped database begins the same publisher again. */
export function firstRecordsOf(
  net: string,
  identity: Identity,
  feeds: Readonly<Record<FeedVisibility, FeedId>>,
): readonly WellFormedRecord[] {
  const genesis = genesisOf(net, identity)
  const records = [genesis]
  for (const visibility of ['public', 'private'] as const) {
    const last = records.at(-1)!
    const place = { net, publisher: genesis.publisher, seq: last.seq + 1, prev: last.id, ts: identity.createdAt }
    records.push(delegateOf(identity, visibility, feeds[visibility], place))
  }
  return records
}

type RootPlace = Pick<Parameters<typeof buildRootRecord>[0], 'net' | 'publisher' | 'seq' | 'prev' | 'ts'>

/** A delegate carries no names: a private feed's must not, and a public one needs none. */
export function delegateOf(
  identity: Identity,
  visibility: FeedVisibility,
  feed: FeedId,
  place: RootPlace,
): WellFormedRecord {
  const { root, writers } = identity
  const key = [ED25519, writers[visibility].publicKey] as const
  const body = { typ: 'delegate', feed, key, role: 'writer', scope: [], visibility } as const
  return buildRootRecord({ ...place, by: ed25519KeyList(root.publicKey), body }, root.sign)
}

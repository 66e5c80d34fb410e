import {
  buildGenesis,
  buildRootRecord,
  ED25519,
  ed25519KeyList,
  feedIdOf,
  keyListDigestOf,
  type PublisherId,
  type Visibility,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import type { SigningKey } from '../identity/ed25519-key.ts'
import type { Identity } from '../identity/identity-file.ts'

/** The publisher id that an identity's genesis makes on a network. */
export function publisherOf(net: string, identity: Identity): PublisherId {
  return genesisOf(net, identity).publisher
}

function genesisOf(net: string, { root, recovery, salt, createdAt: ts }: Identity): WellFormedRecord {
  const recoveryKeyDigest = keyListDigestOf(ed25519KeyList(recovery.publicKey))
  return buildGenesis({ net, ts, rootKey: root.publicKey, recoveryKeyDigest, salt }, root.sign)
}

/** Genesis and delegates follow from the identity file alone: a wiped database begins the same publisher again. */
export function firstRecordsOf(net: string, identity: Identity): readonly WellFormedRecord[] {
  const genesis = genesisOf(net, identity)
  const records = [genesis]
  for (const visibility of ['public', 'private'] as const) {
    const last = records.at(-1)!
    const place = { net, publisher: genesis.publisher, seq: last.seq + 1, prev: last.id, ts: identity.createdAt }
    records.push(delegateOf(identity.root, { visibility, key: identity.writers[visibility] }, place))
  }
  return records
}

type RootPlace = Pick<Parameters<typeof buildRootRecord>[0], 'net' | 'publisher' | 'seq' | 'prev' | 'ts'>

/** A delegate carries no names: one of a feed that is not public must not, and a public one needs none. */
export function delegateOf(
  root: SigningKey,
  { visibility, key: { publicKey } }: { readonly visibility: Visibility; readonly key: SigningKey },
  place: RootPlace,
): WellFormedRecord {
  const key = [ED25519, publicKey] as const
  const body = { typ: 'delegate', feed: feedIdOf(key), key, role: 'writer', scope: [], visibility } as const
  return buildRootRecord({ ...place, by: ed25519KeyList(root.publicKey), body }, root.sign)
}

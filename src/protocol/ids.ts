/** CIDv1 (dag-cbor, sha2-256, base32) of a record's payload, as text. */
export type RecordId = string & { readonly __brand: 'RecordId' }
/** A publisher's id: the record id of its genesis. */
export type PublisherId = string & { readonly __brand: 'PublisherId' }
/** `root`, or the lower-case hex of the 33 bytes (algorithm ‖ public key) of a writer's feed. */
export type FeedId = string & { readonly __brand: 'FeedId' }
/** CID of an artifact or block, CIDv1 base32, as text. */
export type BlockId = string & { readonly __brand: 'BlockId' }
/** Package URL without version, canonical: `pkg:npm/%40acme/x`. */
export type PackageName = string & { readonly __brand: 'PackageName' }
/** Package URL with version, canonical: `pkg:npm/%40acme/x@1.2.0`. */
export type ReleaseName = string & { readonly __brand: 'ReleaseName' }
/** Lower-case hex of a sha-256. */
export type Sha256 = string & { readonly __brand: 'Sha256' }
/** libp2p peer id as text. */
export type PeerId = string & { readonly __brand: 'PeerId' }

/** The feed id of every publisher's root feed. */
export const ROOT_FEED = 'root' as FeedId

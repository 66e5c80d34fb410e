import {
  type DelegateBody,
  type FeedHead,
  headOf,
  isOfLaterVersion,
  keysSaidBy,
  matchesText,
  type PackageName,
  ProtocolError,
  type PublisherId,
  parsePurl,
  type ReleaseName,
  type ReleaseOp,
  type ReleaseSummary,
  ROOT_FEED,
  type SearchHit,
  shortNameOf,
  signerRoleOf,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import type { VerifiedRecords } from './verified-records.ts'

/**
 * A hit whose records verify: the publisher of this id delegated to the feed that released this. All of it is read from
 * the signed records, nothing from the peer's own words. It is *unconfirmed* (a void, a yank or a newer rotate may not
 * have been sent): install syncs the publisher first (specification section 13.2).
 */
export interface VerifiedHit {
  readonly publisher: PublisherId
  readonly purl: ReleaseName
  readonly package: PackageName
  readonly version: string
  readonly summary: ReleaseSummary
  /** The release's record. */
  readonly at: FeedHead
  /** Sequence number of the delegate in the root feed. */
  readonly delegatedAt: number
  /** ms since 1970 from which on the delegate sent with it does not vouch for it; null: never (specification section 6.7). */
  readonly expires: number | null
}

/**
 * Verifies [genesis, rotates…, delegate, release] of one network; null for anything that does not hold, `newer` for what a later
 * version of the format may read.
 */
export async function verifyHit(
  hit: SearchHit,
  known: Pick<VerifiedRecords, 'parse'>,
): Promise<VerifiedHit | 'newer' | null> {
  const records = await parseAll(hit.envelopes, known)
  if (records === 'newer') return 'newer'
  if (records === null || records.length < 3) return null
  if (records.some(record => record.publisher !== hit.publisher)) return null
  const [genesis, release, delegate] = [records[0]!, records.at(-1)!, records.at(-2)!]
  const signers = signersAt(delegate.seq, genesis, records.slice(1, -2))
  const body = delegateOf(delegate)
  if (signers === null || body === null || !signers.has(delegate.signer)) return null
  if (release.feed !== body.feed) return null
  const op = releaseOpOf(release, hit.purl)
  const name = parsePurl(hit.purl)
  if (op === null || !name.ok || name.value.version === null || !mayName(body, name.value.package)) return null
  return {
    publisher: genesis.publisher,
    purl: op.purl,
    package: name.value.package,
    version: name.value.version,
    summary: op.summary,
    at: headOf(release),
    delegatedAt: delegate.seq,
    expires: body.expires ?? null,
  }
}

async function parseAll(
  envelopes: readonly Uint8Array[],
  known: Pick<VerifiedRecords, 'parse'>,
): Promise<WellFormedRecord[] | 'newer' | null> {
  const records: WellFormedRecord[] = []
  for (const envelope of envelopes) {
    try {
      records.push(await known.parse(envelope))
    } catch (error) {
      if (isOfLaterVersion(error)) return 'newer'
      if (error instanceof ProtocolError) return null
      throw error
    }
  }
  return records
}

/** Who may sign an ordinary root record at `seq`: the genesis' keys, or those of the last rotate before it. */
function signersAt(
  seq: number,
  genesis: WellFormedRecord,
  rotates: readonly WellFormedRecord[],
): ReadonlySet<string> | null {
  let root = genesis.understood?.typ === 'identity' ? keysSaidBy(genesis) : null
  let last = genesis.seq
  let valid = root
  for (const rotate of rotates) {
    if (root === null || rotate.seq <= last || signerRoleOf(root, rotate) !== 'recovery') return null
    root = keysSaidBy(rotate)
    last = rotate.seq
    // A rotate displaces every ordinary root record of the same or a later seq.
    if (rotate.seq <= seq) valid = root
  }
  return valid?.current ?? null
}

function delegateOf(record: WellFormedRecord): DelegateBody | null {
  const body = record.understood
  return record.feed === ROOT_FEED && body?.typ === 'delegate' && body.visibility === 'public' ? body : null
}

function releaseOpOf(record: WellFormedRecord, purl: ReleaseName): ReleaseOp | null {
  if (record.understood?.typ !== 'ops') return null
  return (record.understood.ops.find(op => op.op === 'release' && op.purl === purl) as ReleaseOp | undefined) ?? null
}

const mayName = ({ scope }: DelegateBody, name: PackageName): boolean =>
  scope.length === 0 || scope.some(pattern => matchesText(pattern, shortNameOf(name)))

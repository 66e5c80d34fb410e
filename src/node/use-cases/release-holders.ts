import type { PackageState, PeerId, PublisherId, ReleaseState } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'

/** The release whose copies are counted and whose holders are named; null: none is live. */
export function newestLiveOf(state: PackageState | null): ReleaseState | null {
  return [...(state?.releases.values() ?? [])].findLast(release => release.state === 'live') ?? null
}

/** Whether a peer may know of a release, and so have it: any of a public one, of a listed one those on its list, of a private one none. */
export function mayHold(
  { library }: NodeContext,
  publisher: PublisherId,
  { visibility, artifacts }: ReleaseState,
): (peer: PeerId) => boolean {
  if (visibility !== 'listed') return () => visibility === 'public'
  const lists = artifacts.map(({ artifact }) => library.access.audienceFor(artifact.sha256, publisher))
  return peer => lists.every(list => list.has(peer))
}

import { manifestFactsOf } from '../../registries/npm/manifest-facts.ts'
import type { PackumentDocument } from '../../registries/npm/npm-source.ts'
import { digestMarkOf, expectedDigestsOf } from './npm-digest.ts'
import type { SeenVersion } from './packument-store.ts'

/**
 * What rules ask of each version of a document this node just got, and when it first saw it.
 *
 * A version keeps its time as long as it is listed with the same digests. What is new to a known name is seen now, whatever
 * `time` says: only so does back-dating gain nothing. For a name that is new to this node, `time` counts if the upstream is
 * trusted with it (never a time to come), else everything is seen now.
 */
export function seenVersionsOf(
  document: PackumentDocument,
  known: ReadonlyMap<string, SeenVersion> | null,
  trustTime: boolean,
  now: number,
): ReadonlyMap<string, SeenVersion> {
  const seen = new Map<string, SeenVersion>()
  for (const [version, listed] of Object.entries(document.versions)) {
    const mark = digestMarkOf(expectedDigestsOf(listed.dist)!)
    const before = known?.get(version)
    const claimed = known === null && trustTime ? claimedTimeOf(document, version) : null
    const firstSeen = before?.mark === mark ? before.firstSeen : Math.min(claimed ?? now, now)
    seen.set(version, { firstSeen, mark, manifest: manifestFactsOf(listed) })
  }
  return seen
}

function claimedTimeOf({ time }: PackumentDocument, version: string): number | null {
  const text = time?.[version]
  return text === undefined ? null : Date.parse(text)
}

import { MAX_ARTIFACTS } from '../limits.ts'
import type { Artifact, OpAddress, ReleaseOp } from '../record.ts'
import type { FoldedArtifact, ReleaseState } from './catalogue.ts'
import type { CountedOp } from './counted-op.ts'
import { visibilityOf } from './counted-op.ts'
import { type LiveFeed, laterExpiry } from './live-feeds.ts'
import type { Marks } from './marks.ts'

/** A counted release op. */
export interface CountedRelease extends CountedOp {
  readonly op: ReleaseOp
}

/** What the releases of one version add up to; ops are in fold order, at least one (specification section 6.5). */
export function releaseStateOf(
  version: string,
  ops: readonly [CountedRelease, ...CountedRelease[]],
  yanks: Marks,
  deprecations: Marks,
): ReleaseState {
  const standing = ops.filter(op => !yanks.byOp.has(op.key))
  const shown = standing.length > 0 ? standing : ops
  const artifacts = unionOf(shown)
  const newest = shown.at(-1) ?? ops[0]
  const opYank = standing.length === 0 ? lastMark(ops, yanks) : null
  const yankedWhy = yanks.byVersion.get(version) ?? yanks.whole ?? opYank
  const release = {
    version,
    state: hasConflict(artifacts) ? 'conflict' : yankedWhy === null ? 'live' : 'yanked',
    yankedWhy,
    deprecated: deprecations.byVersion.get(version) ?? lastMark(shown, deprecations) ?? deprecations.whole,
    artifacts,
    summary: newest.op.summary,
    manifest: newest.op.manifest ?? null,
    described: newest.at,
    records: [...new Set(ops.map(op => op.at[0]))],
    visibility: visibilityOf(ops),
    claimedMs: ops[0].claimedMs,
  } as const
  if (artifacts.every(isForEver)) return { ...release, expires: null }
  return {
    ...release,
    get expires() {
      return earliestOf(artifacts)
    },
  }
}

function lastMark(ops: readonly CountedRelease[], marks: Marks): string | null {
  return ops.reduce<string | null>((why, op) => marks.byOp.get(op.key) ?? why, null)
}

/** Union by file name: the same bytes twice are one artifact, of the first op that has them. */
function unionOf(ops: readonly CountedRelease[]): FoldedArtifact[] {
  const found = new Map<string, { readonly artifact: Artifact; readonly at: OpAddress; readonly feeds: LiveFeed[] }>()
  for (const { op, at, feed } of ops) {
    for (const artifact of op.artifacts) {
      const key = `${artifact.name}\0${artifact.sha256}\0${artifact.cid}\0${artifact.size}`
      const same = found.get(key)
      if (same === undefined && found.size < MAX_ARTIFACTS) found.set(key, { artifact, at, feeds: [feed] })
      else if (same?.feeds.includes(feed) === false) same.feeds.push(feed)
    }
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { artifact, at, feeds }]) => foldedOf(artifact, at, feeds))
}

/** Its time is read from the feeds when it is asked for: a feed that is renewed daily must not have all it released folded again. */
function foldedOf(artifact: Artifact, at: OpAddress, feeds: readonly LiveFeed[]): FoldedArtifact {
  if (feeds.some(isForEver)) return { artifact, at, expires: null }
  return {
    artifact,
    at,
    get expires() {
      return feeds.map(({ expires }) => expires).reduce(laterExpiry)
    },
  }
}

/** Null is final: no later delegate shortens a feed's time. */
const isForEver = ({ expires }: { readonly expires: number | null }): boolean => expires === null

function earliestOf(artifacts: readonly FoldedArtifact[]): number | null {
  const times = artifacts.map(({ expires }) => expires).filter(expires => expires !== null)
  return times.length === 0 ? null : Math.min(...times)
}

function hasConflict(artifacts: readonly FoldedArtifact[]): boolean {
  return artifacts.some((each, index) => artifacts[index - 1]?.artifact.name === each.artifact.name)
}

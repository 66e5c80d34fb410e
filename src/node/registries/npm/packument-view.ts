import semver from 'semver'
import { earliestOf, type Judgement, type Verdict } from '../../../protocol/index.ts'
import { tarballFileOf } from './npm-operation.ts'
import type { PackumentDocument, VersionManifest } from './npm-source.ts'
import { urlPathOf } from './package-url-path.ts'
import { policyRestrictionsOf } from './policy-restrictions.ts'
import { type WithheldPick, withheldPicksOf } from './withheld-picks.ts'

export interface PackumentViewInput {
  readonly document: PackumentDocument
  readonly judge: (version: string) => Judgement
  /** Where clients reach this registry, without a slash at its end. */
  readonly base: string
}

/** A packument as clients of this node may see it. */
export interface PackumentView {
  readonly document: PackumentDocument
  readonly withheld: ReadonlyMap<string, Verdict>
  /** Of what rules object to, what a client would have picked; in dry-run it is listed all the same. */
  readonly picks: readonly WithheldPick[]
  /** When the first judgement may change by itself, ms since 1970; null: no sooner than its inputs change. */
  readonly until: number | null
}

/** Leaves out what may not be installed, moves the tags (DESIGN section 6) and points every tarball at this node. */
export function packumentViewOf({ document, judge, base }: PackumentViewInput): PackumentView {
  const withheld = new Map<string, Verdict>()
  const objected = new Map<string, Judgement>()
  let until: number | null = null
  const listed: [string, VersionManifest][] = []
  for (const [version, manifest] of Object.entries(document.versions)) {
    const judgement = judge(version)
    const { verdict, enforced, changesAt } = judgement
    if (verdict.decision !== 'allow') objected.set(version, judgement)
    if (enforced.decision === 'allow') listed.push([version, withTarballAt(base, document.name, version, manifest)])
    else withheld.set(version, enforced)
    until = earliestOf([until, changesAt])
  }
  const { policyRestrictions: _, ...passed } = document
  const restrictions = policyRestrictionsOf(document, withheld)
  const view: PackumentDocument = {
    ...passed,
    'dist-tags': Object.fromEntries(tagsOf(document, withheld)),
    versions: Object.fromEntries(listed),
    ...(document.time === undefined ? {} : { time: without(document.time, withheld) }),
    ...(restrictions === null ? {} : { policyRestrictions: restrictions }),
  }
  return { document: view, withheld, picks: withheldPicksOf(document, objected), until }
}

/** The address of a version's tarball at this node. */
function tarballUrlOf(base: string, name: string, version: string): string {
  return `${base}/${urlPathOf(name)}/-/${encodeURIComponent(tarballFileOf(name, version))}`
}

function withTarballAt(base: string, name: string, version: string, manifest: VersionManifest): VersionManifest {
  return { ...manifest, dist: { ...manifest.dist, tarball: tarballUrlOf(base, name, version) } }
}

/** Tags keep an allowed target or go; `latest` falls back to the newest allowed release that is not above it. */
function tagsOf(document: PackumentDocument, withheld: ReadonlyMap<string, Verdict>): [string, string][] {
  const isListed = (version: string) => Object.hasOwn(document.versions, version) && !withheld.has(version)
  const tags = Object.entries(document['dist-tags']).filter(([, version]) => isListed(version))
  if (tags.some(([tag]) => tag === 'latest')) return tags
  const ceiling = Object.hasOwn(document['dist-tags'], 'latest') ? document['dist-tags'].latest : undefined
  const fallback = newestStable(Object.keys(document.versions).filter(isListed), ceiling)
  return fallback === null ? tags : [['latest', fallback], ...tags]
}

/** The newest version that is no prerelease and not above `ceiling`; null if there is none. */
export function newestStable(versions: readonly string[], ceiling?: string): string | null {
  const top = ceiling === undefined ? null : semver.parse(ceiling, { loose: true })
  let newest: { readonly version: string; readonly parsed: semver.SemVer } | null = null
  for (const version of versions) {
    const parsed = semver.parse(version, { loose: true })
    if (parsed === null || parsed.prerelease.length > 0) continue
    if (top !== null && parsed.compare(top) > 0) continue
    if (newest === null || parsed.compare(newest.parsed) > 0) newest = { version, parsed }
  }
  return newest === null ? null : newest.version
}

function without(time: Readonly<Record<string, string>>, withheld: ReadonlyMap<string, Verdict>) {
  return Object.fromEntries(Object.entries(time).filter(([version]) => !withheld.has(version)))
}

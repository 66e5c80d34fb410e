import semver from 'semver'
import type { Verdict } from '../../../protocol/index.ts'
import { tarballFileOf } from './npm-operation.ts'
import type { PackumentDocument, VersionManifest } from './npm-source.ts'
import { urlPathOf } from './package-url-path.ts'

/** Versions whose reasons a refusal spells out; the newest ones, because those are asked for. */
const MAX_TOLD_VERSIONS = 5
/** Characters of one reason, which a publisher may have written. */
const MAX_REASON_CHARS = 300

export interface PackumentViewInput {
  readonly document: PackumentDocument
  readonly judge: (version: string) => Verdict
  /** When a version ceases to be vouched for, ms since 1970; null: never. */
  readonly expiresOf?: (version: string) => number | null
  /** Where clients reach this registry, without a slash at its end. */
  readonly base: string
}

/** A packument as clients of this node may see it. */
export interface PackumentView {
  readonly document: PackumentDocument
  readonly withheld: ReadonlyMap<string, Verdict>
  /** When the first hold ends or the first listed version expires, ms since 1970; null: no sooner than its inputs change. */
  readonly until: number | null
}

/** Leaves out what may not be installed, moves the tags (DESIGN section 6) and points every tarball at this node. */
export function packumentViewOf({ document, judge, expiresOf, base }: PackumentViewInput): PackumentView {
  const withheld = new Map<string, Verdict>()
  const listed: [string, VersionManifest][] = []
  for (const [version, manifest] of Object.entries(document.versions)) {
    const verdict = judge(version)
    if (verdict.decision === 'allow') listed.push([version, withTarballAt(base, document.name, version, manifest)])
    else withheld.set(version, verdict)
  }
  const view: PackumentDocument = {
    ...document,
    'dist-tags': Object.fromEntries(tagsOf(document, withheld)),
    versions: Object.fromEntries(listed),
    ...(document.time === undefined ? {} : { time: without(document.time, withheld) }),
    ...(withheld.size === 0 ? {} : { policyRestrictions: restrictionsOf(document.name, withheld) }),
  }
  const holds = [...withheld.values()].map(({ until }) => until)
  const expiries = listed.map(([version]) => expiresOf?.(version))
  return { document: view, withheld, until: firstOf([...holds, ...expiries]) }
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

/** What npm 10 and later print instead of "no matching version": an entry needs its `version`, or npm breaks. */
function restrictionsOf(name: string, withheld: ReadonlyMap<string, Verdict>): object {
  const versions = [...withheld.keys()].map(version => [version, { name, version }] as const)
  return { message: messageOf(name, withheld), versions: Object.fromEntries(versions) }
}

function messageOf(name: string, withheld: ReadonlyMap<string, Verdict>): string {
  const newest = [...withheld].toSorted(([a], [b]) => compareVersions(b, a))
  const lines = newest.slice(0, MAX_TOLD_VERSIONS).map(([version, verdict]) => `${version} ${refusalTextOf(verdict)}`)
  const more = newest.length - lines.length
  if (more > 0) lines.push(`and ${more} more`)
  return `${lines.join('; ')}; hanse why npm:${name}@${newest[0]?.[0] ?? 'VERSION'}`
}

/** A verdict in one line: held until when, or denied, and the first rule's words. */
export function refusalTextOf({ decision, until, reasons: [reason] }: Verdict): string {
  const what =
    decision === 'hold' && until !== undefined ? `is held until ${new Date(until).toISOString()}` : 'is denied'
  return reason === undefined ? what : `${what} (${reason.rule}): ${reason.message.slice(0, MAX_REASON_CHARS)}`
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [semver.parse(a, { loose: true }), semver.parse(b, { loose: true })]
  if (left !== null && right !== null) return left.compare(right)
  return left === null ? (right === null ? 0 : -1) : 1
}

function firstOf(times: readonly (number | null | undefined)[]): number | null {
  const known = times.filter(time => time !== undefined && time !== null)
  return known.length === 0 ? null : known.reduce((first, time) => Math.min(first, time))
}

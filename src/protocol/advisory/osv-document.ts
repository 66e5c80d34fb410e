import { z } from 'zod'
import type { PackageName } from '../ids.ts'
import { parsePackageSpec } from '../purl.ts'
import type { Advisory, AffectedVersions, VersionSpan } from './advisory.ts'
import {
  MAX_ADVISORY_ID_CHARS,
  MAX_AFFECTED,
  MAX_ALIASES,
  MAX_EVENTS,
  MAX_LISTED_VERSIONS,
  MAX_RANGES,
  MAX_REFERENCES,
} from './limits.ts'
import { cvssOf, cweOf, kindOf, severityOf, summaryOf, urlOf } from './osv-text.ts'
import { spansOf } from './spans.ts'
import { typeOfEcosystem, versionOrderOf } from './version-order.ts'

/** A field that means nothing here when it is not what it should be: other tools' additions are inert. */
const inert = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined)
const word = z.string().max(256)
const texts = inert(z.array(word).max(MAX_ALIASES))

const eventSchema = z.object({
  introduced: word.optional(),
  fixed: word.optional(),
  last_affected: word.optional(),
  limit: word.optional(),
})
const rangeSchema = z.object({ type: word, events: z.array(eventSchema).max(MAX_EVENTS) })
const severitySchema = inert(z.array(z.object({ type: word, score: z.string().max(512) })).max(16))
const specificSchema = inert(
  z.object({ severity: inert(word), cwe_ids: texts, 'malicious-packages-origins': z.unknown().optional() }),
)
const affectedSchema = z.object({
  package: z.object({ ecosystem: word, name: z.string() }).optional(),
  severity: severitySchema,
  ranges: z.array(rangeSchema).max(MAX_RANGES).optional(),
  versions: z.array(word).max(MAX_LISTED_VERSIONS).optional(),
})

/** An OSV document as far as it is read (https://ossf.github.io/osv-schema/). */
const osvSchema = z.object({
  id: z
    .string()
    .max(MAX_ADVISORY_ID_CHARS)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]*$/),
  modified: z.iso.datetime({ offset: true }).transform(text => Date.parse(text)),
  withdrawn: z.string().max(64).optional().nullable(),
  summary: inert(z.string()),
  details: inert(z.string()),
  aliases: texts,
  severity: severitySchema,
  references: inert(z.array(z.object({ type: inert(word), url: inert(z.string()) })).max(MAX_REFERENCES)),
  database_specific: specificSchema,
  affected: z.array(affectedSchema).max(MAX_AFFECTED).optional().nullable(),
})
export type OsvDocument = z.output<typeof osvSchema>
type OsvAffected = z.output<typeof affectedSchema>

export type OsvResult =
  | { readonly ok: true; readonly value: Advisory }
  /** `why` is the same text for the same reason, so that reasons can be counted. */
  | { readonly ok: false; readonly why: string }

/** Reads an OSV document; what it says of ecosystems that this node does not know is left out. Never throws. */
export function parseOsvDocument(document: unknown): OsvResult {
  const parsed = osvSchema.safeParse(document)
  if (!parsed.success) return { ok: false, why: whyOf(parsed.error) }
  const osv = parsed.data
  const isWithdrawn = osv.withdrawn != null
  const affected = isWithdrawn ? new Map() : affectedOf(osv.affected ?? [], kindOf(osv) === 'malware')
  if (typeof affected === 'string') return { ok: false, why: affected }
  const cvss = cvssOf(osv)
  const text = { id: osv.id, kind: kindOf(osv), severity: severityOf(osv, cvss), summary: summaryOf(osv) }
  const more = { url: urlOf(osv), cwe: cweOf(osv), cvss, modified: osv.modified, isWithdrawn, affected }
  return { ok: true, value: { ...text, ...more } }
}

function whyOf({ issues: [issue] }: z.ZodError): string {
  const place = issue?.path.map(step => (typeof step === 'number' ? '*' : String(step))).join('.')
  return `not an OSV document: ${place || 'its root'} is not what the schema asks for`
}

/** Affected versions by package, or why there are none. */
function affectedOf(entries: readonly OsvAffected[], isMalware: boolean): Map<PackageName, AffectedVersions> | string {
  const found = new Map<PackageName, AffectedVersions>()
  let why = 'it names no package of a known ecosystem'
  for (const entry of entries) {
    const name = packageOf(entry)
    if (name === null) continue
    const versions = versionsOf(entry, name.type, isMalware)
    if (typeof versions === 'string') {
      why = versions
      continue
    }
    const before = found.get(name.package)
    found.set(name.package, before === undefined ? versions : joined(before, versions))
  }
  return found.size === 0 ? why : found
}

function packageOf({ package: named }: OsvAffected): { readonly package: PackageName; readonly type: string } | null {
  const type = named === undefined ? null : typeOfEcosystem(named.ecosystem)
  if (named === undefined || type === null) return null
  const spec = parsePackageSpec(`${type}:${named.name}`)
  return spec.ok && spec.value.range === null ? { package: spec.value.package, type } : null
}

/** Malware that names no versions is in all of them. */
function versionsOf(
  { ranges = [], versions = [] }: OsvAffected,
  type: string,
  isMalware: boolean,
): AffectedVersions | string {
  const order = versionOrderOf(type)
  const spans: VersionSpan[] = []
  let isUnread = false
  for (const { type: kind, events } of ranges) {
    if (kind !== 'SEMVER' && kind !== 'ECOSYSTEM') continue
    const read = order === null ? null : spansOf(events, order)
    if (read === null) isUnread = true
    else spans.push(...read)
  }
  if (isUnread && !isMalware && spans.length + versions.length === 0) return 'a range has what is no version'
  if (spans.length + versions.length > 0) return { spans, versions }
  return isMalware
    ? { spans: [{ introduced: '0', fixed: null, lastAffected: null }], versions }
    : 'it names no versions'
}

const joined = (a: AffectedVersions, b: AffectedVersions): AffectedVersions => ({
  spans: [...a.spans, ...b.spans],
  versions: [...a.versions, ...b.versions],
})

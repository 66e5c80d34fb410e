import { refuse } from '../refusal.ts'
import { type Headers, onlyValue, parseHeaders } from './headers.ts'
import type { ManifestDraft } from './package-manifest.ts'
import { type Dependency, fitSummary } from './summary.ts'
import { wheelFileName } from './wheel-tags.ts'

const MEDIA = 'text/plain; charset=utf-8'

/** A project name in the one spelling that compares (PEP 503). */
export const normalizedName = (name: string) => name.toLowerCase().replace(/[-_.]+/g, '-')

/** Reads a wheel's METADATA and WHEEL; `givenName` is kept when it says the same; refuses E_ARCHIVE_MANIFEST. */
export function parseWheelManifest(
  metadata: Uint8Array,
  wheel: Uint8Array,
  givenName: string | undefined,
): ManifestDraft {
  const { name, version, summary } = projectOf(metadata, 'METADATA', false)
  const fileName = wheelFileName(name, version, parseHeaders(wheel, 'WHEEL'), givenName)
  return { name, version, summary, manifestMedia: MEDIA, fileName }
}

/** Reads an sdist's PKG-INFO; building it runs its code, so `scripts` is true; refuses E_ARCHIVE_MANIFEST. */
export function parseSdistManifest(pkgInfo: Uint8Array, root: string): ManifestDraft {
  const { name, version, summary } = projectOf(pkgInfo, 'PKG-INFO', true)
  return { name, version, summary, manifestMedia: MEDIA, fileName: `${root}.tar.gz` }
}

function projectOf(bytes: Uint8Array, what: string, scripts: boolean) {
  const headers = parseHeaders(bytes, what)
  const name = onlyValue(headers, 'name', what)
  const version = onlyValue(headers, 'version', what)
  if (!/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(name)) refuse('E_ARCHIVE_MANIFEST', `${what} has no valid name`)
  if (!/^[a-z0-9][a-z0-9.!+_-]*$/i.test(version)) refuse('E_ARCHIVE_MANIFEST', `${what} has no valid version`)
  const summary = fitSummary({
    description: firstOf(headers, 'summary'),
    keywords: (firstOf(headers, 'keywords') ?? '').split(/,/.test(firstOf(headers, 'keywords') ?? '') ? ',' : /\s+/),
    license: firstOf(headers, 'license-expression') ?? shortLicense(firstOf(headers, 'license')),
    dependencies: (headers.get('requires-dist') ?? []).slice(0, 4096).flatMap(dependencyOf),
    scripts,
  })
  return { name, version, summary }
}

/** METADATA writes UNKNOWN for what is not given. */
function firstOf(headers: Headers, name: string): string | undefined {
  const value = headers.get(name)?.[0]
  return value === undefined || value === 'UNKNOWN' ? undefined : value
}

/** The old License field may hold a whole licence text: only one line of it is an answer. */
const shortLicense = (license: string | undefined) => (license?.includes('\n') ? undefined : license)

/** `name[extras] (range); marker` (PEP 508) as a dependency; the marker decides the kind only. */
function dependencyOf(requirement: string): Dependency[] {
  const match = /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*([^;]*)(?:;(.*))?$/s.exec(requirement)
  if (match === null) return []
  const range = match[2]!.trim().replace(/^\((.*)\)$/, '$1')
  return [[normalizedName(match[1]!), range, /\bextra\s*==/.test(match[3] ?? '') ? 'optional' : 'runtime']]
}

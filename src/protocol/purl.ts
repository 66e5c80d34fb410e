import { PackageURL } from 'packageurl-js'
import type { PackageName, ReleaseName } from './ids.ts'
import { MAX_NAME_BYTES, MAX_VERSION_BYTES } from './limits.ts'
import { isCleanName } from './unicode.ts'

/** Characters of a whole package URL: name and version, each byte percent-encoded, and the type. */
const MAX_PURL_CHARS = 3 * (MAX_NAME_BYTES + MAX_VERSION_BYTES) + 64

/** A package URL taken apart; `release` is null when it names no version. */
export interface Purl {
  readonly type: string
  readonly namespace: string | null
  readonly name: string
  readonly version: string | null
  readonly package: PackageName
  readonly release: ReleaseName | null
}
export type PurlResult =
  | { readonly ok: true; readonly value: Purl }
  | { readonly ok: false; readonly code: 'E_PURL'; readonly why: string }
export type PackageSpecResult =
  | { readonly ok: true; readonly value: { readonly package: PackageName; readonly range: string | null } }
  | { readonly ok: false; readonly code: 'E_PURL'; readonly why: string }

type Refusal = { readonly ok: false; readonly code: 'E_PURL'; readonly why: string }
const refuse = (why: string): Refusal => ({ ok: false, code: 'E_PURL', why })

/** Below every limit of name and version. */
const MAX_PLAIN_CHARS = 128
const PLAIN_NPM = /^pkg:npm\/(?:%40[a-z0-9][a-z0-9-]*\/)?[a-z0-9][a-z0-9._-]*(?:@[0-9a-z][0-9A-Za-z.-]*)?$/
/** Types whose packages have no namespace. */
const FLAT_TYPES = new Set(['cargo', 'pypi', 'gem', 'nuget'])
/** Types whose registries tell names apart by case, against packageurl-js (README section 8). */
const CASE_KEEPING_TYPES = new Set(['npm', 'golang'])
/** Never part of a name: white space, what separates a version, matches or encodes. */
const FORBIDDEN_IN_NAMES = /[\s@*?#%\\]/
const FORBIDDEN_IN_VERSIONS = /[\s@*?#%\\/]/

/** Reads a package URL of any accepted spelling; never throws (specification section 8). */
export function parsePurl(text: string): PurlResult {
  const parts = splitPurl(text)
  if (!Array.isArray(parts)) return parts
  const [type, path, version] = parts
  return purlOf(type, path, version)
}

/** Reads `npm:@acme/x@^1` or a package URL as a package and what follows the last `@` of its name. */
export function parsePackageSpec(text: string): PackageSpecResult {
  if (text.length > MAX_PURL_CHARS) return refuse(`longer than ${MAX_PURL_CHARS} characters`)
  const isPurl = /^pkg:/i.test(text)
  const match = isPurl ? null : /^([a-zA-Z][a-zA-Z0-9.-]*):(.+)$/su.exec(text)
  const rest = isPurl ? text : (match?.[2] ?? '')
  if (rest === '') return refuse('write TYPE:NAME, as in npm:@acme/x@^1, or a package URL')
  const at = rest.lastIndexOf('@')
  const hasRange = at > rest.lastIndexOf('/') + 1 || (at > 0 && rest[at - 1] !== '/')
  const name = hasRange ? rest.slice(0, at) : rest
  const range = hasRange ? rest.slice(at + 1) : null
  if (range === '') return refuse('nothing follows the @')
  const parsed = isPurl ? parsePurl(name) : purlOf(match?.[1] ?? '', name.split('/'), null)
  if (!parsed.ok) return parsed
  const decoded = isPurl && range !== null ? decode(range) : range
  if (hasRange && (decoded === null || /\p{C}/u.test(decoded))) {
    return refuse('the range is not readable text')
  }
  return { ok: true, value: { package: parsed.value.package, range: decoded } }
}

/** Builds the release name of a package at a version; null if the version cannot be one. */
export function releaseNameOf(packageName: PackageName, version: string): ReleaseName | null {
  return versionProblem(version) === null ? (`${packageName}@${encodeVersion(version)}` as ReleaseName) : null
}

/** Takes a canonical name apart without checking it again; version null for a package. */
export function splitReleaseName(purl: PackageName | ReleaseName): { package: PackageName; version: string | null } {
  const at = purl.lastIndexOf('@')
  if (at < 0) return { package: purl as PackageName, version: null }
  return { package: purl.slice(0, at) as PackageName, version: decode(purl.slice(at + 1)) ?? '' }
}

/** The short form people type: `pkg:npm/%40acme/x@1.2` is `npm:@acme/x@1.2`; not a purl: the text itself. */
export function shortNameOf(purl: PackageName | ReleaseName | string): string {
  const parsed = parsePurl(purl)
  if (!parsed.ok) return purl
  const { type, namespace, name, version } = parsed.value
  return `${type}:${namespace === null ? '' : `${namespace}/`}${name}${version === null ? '' : `@${version}`}`
}

/** Whether the text is the one spelling under which records name this package or release. */
export function isCanonicalPurl(text: string): text is PackageName | ReleaseName {
  if (isPlainNpmPurl(text)) return true
  const parsed = parsePurl(text)
  return parsed.ok && (parsed.value.release ?? parsed.value.package) === text
}

/**
 * Whether a text is one of the npm package URLs that nearly all are: characters that are written as themselves, short. All of them are
 * canonical; of a text that is none nothing is said.
 */
export function isPlainNpmPurl(text: string): boolean {
  return text.length <= MAX_PLAIN_CHARS && PLAIN_NPM.test(text)
}

/** Type, decoded path segments and version, as packageurl-js reads them; the strictness is ours. */
function splitPurl(text: string): [string, string[], string | null] | Refusal {
  if (text.length > MAX_PURL_CHARS) return refuse(`longer than ${MAX_PURL_CHARS} characters`)
  if (!/^pkg:[!-~]+$/i.test(text)) return refuse('a package URL is ASCII and starts with pkg:')
  if (/[?#]/.test(text)) return refuse('qualifiers and subpath are not part of a package name')
  if (/%2f/i.test(text)) return refuse('a slash is written as itself')
  if (/^pkg:\/|\/\//i.test(text)) return refuse('an empty path segment')
  let parts: ReturnType<typeof PackageURL.parseString>
  try {
    parts = PackageURL.parseString(text)
  } catch (error) {
    return refuse(error instanceof Error ? error.message : 'not a package URL')
  }
  const [type, namespace, name, version] = parts
  const path = namespace === undefined ? [name ?? ''] : [...namespace.split('/'), name ?? '']
  return [type ?? '', path, version ?? null]
}

function purlOf(givenType: string, path: readonly string[], version: string | null): PurlResult {
  const type = givenType.toLowerCase()
  if (!/^[a-z][a-z0-9.-]{0,31}$/.test(type)) return refuse(`${JSON.stringify(givenType)} is not a type`)
  const segments = path.map(segment => normalizeSegment(type, segment))
  const problem = nameProblem(type, segments)
  if (problem !== null) return refuse(problem)
  const badVersion = version === null ? null : versionProblem(version)
  if (badVersion !== null) return refuse(badVersion)
  const name = segments.at(-1) ?? ''
  const namespace = segments.length > 1 ? segments.slice(0, -1).join('/') : null
  const packageName = `pkg:${type}/${segments.map(encodeSegment).join('/')}` as PackageName
  const release = version === null ? null : (`${packageName}@${encodeVersion(version)}` as ReleaseName)
  return { ok: true, value: { type, namespace, name, version, package: packageName, release } }
}

/** One spelling per package: what the type's registry holds to be the same name becomes the same text. */
function normalizeSegment(type: string, segment: string): string {
  if (CASE_KEEPING_TYPES.has(type)) return segment
  if (type === 'pypi') return segment.toLowerCase().replace(/[-_.]+/g, '-') // PEP 503
  if (type === 'oci') return segment.toLowerCase()
  const known = Object.hasOwn(PackageURL.Type, type) ? PackageURL.Type[type as 'deb'] : undefined
  if (known === undefined) return segment
  const probe = { type, namespace: undefined, name: segment, version: undefined } as unknown as PackageURL
  return known.normalize(probe).name
}

function nameProblem(type: string, segments: readonly string[]): string | null {
  if (segments.some(s => s === '' || s === '.' || s === '..')) return 'a path segment is empty or dots'
  const scoped = type === 'npm' && segments.length === 2
  const bare = scoped ? [segments[0]?.slice(1) ?? '', segments[1] ?? ''] : segments
  if (scoped && (!segments[0]?.startsWith('@') || bare[0] === '')) return 'an npm namespace is a scope: @acme'
  if (type === 'npm' && segments.length > 2) return 'an npm name is NAME or @SCOPE/NAME'
  if (type === 'maven' && segments.length !== 2) return 'a maven name is GROUP/ARTIFACT'
  if (FLAT_TYPES.has(type) && segments.length > 1) return `a ${type} name has no namespace`
  if (bare.some(s => FORBIDDEN_IN_NAMES.test(s) || !isCleanName(s))) return 'a character that no name may have'
  const bytes = Buffer.byteLength(segments.join('/'))
  return bytes > MAX_NAME_BYTES ? `the name has ${bytes} bytes, at most ${MAX_NAME_BYTES}` : null
}

function versionProblem(version: string): string | null {
  if (version === '') return 'the version is empty'
  if (FORBIDDEN_IN_VERSIONS.test(version) || !isCleanName(version)) return 'a character that no version may have'
  const bytes = Buffer.byteLength(version)
  return bytes > MAX_VERSION_BYTES ? `the version has ${bytes} bytes, at most ${MAX_VERSION_BYTES}` : null
}

const encodeSegment = (segment: string): string => encodeURIComponent(segment).replaceAll('%3A', ':')
const encodeVersion = (version: string): string =>
  encodeURIComponent(version).replaceAll('%3A', ':').replaceAll('%2B', '+')

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

import semver from 'semver'
import type { PackumentDocument, VersionManifest } from '../../registries/npm/npm-source.ts'
import { UpstreamError } from '../errors.ts'
import { MAX_URL_CHARS } from '../limits.ts'
import { jsonRefusalOf, parseJsonSafely } from './json-scan.ts'
import { MAX_VERSION_BYTES, MAX_VERSIONS } from './limits.ts'
import { expectedDigestsOf } from './npm-digest.ts'

/** A document of npm's shapes, and how many of its versions had none and were left out. */
export interface ParsedPackument {
  readonly document: PackumentDocument
  readonly dropped: number
}

type JsonObject = Record<string, unknown>

const LOOSE = { loose: true }

/**
 * Reads what an upstream calls the document of `name`.
 *
 * Refused whole (E_UPSTREAM_DOCUMENT): no UTF-8, no JSON, no object, too deep or too many values, another name, more than
 * 100,000 versions, `versions`, `dist-tags` or `time` that are no objects. Left out, because one bad version must not take
 * away the others: versions whose key npm's own reader (semver, loose:
 * `1.0.0beta2` is an old one) does not take or that starts with no digit, that are no object or say another name or version, that name
 * no http(s) tarball or no usable digest; tags of versions that are not there; times that are no dates; every `__proto__`.
 * All else stays as it is. null: the package was there and was unpublished.
 */
export function parsePackument(name: string, bytes: Uint8Array): ParsedPackument | null {
  const source = objectOf(parse(name, bytes)) ?? refuse(name, 'is no object')
  if (source.name !== name) refuse(name, 'has another name')
  const members = memberOf(name, source, 'versions')
  const keys = Object.keys(members)
  if (keys.length > MAX_VERSIONS) refuse(name, `has more than ${MAX_VERSIONS} versions`)
  const time = memberOf(name, source, 'time')
  if (keys.length === 0 && objectOf(time.unpublished) !== null) return null
  const versions = pick(members, (manifest, key) => isVersion(key) && isManifest(manifest, name, key))
  const tags = pick(memberOf(name, source, 'dist-tags'), tagged => typeof tagged === 'string' && tagged in versions)
  const document = { ...source, 'dist-tags': tags, versions } as JsonObject
  if ('time' in source) document.time = pick(time, isDate)
  return { document: document as unknown as PackumentDocument, dropped: keys.length - Object.keys(versions).length }
}

function parse(name: string, bytes: Uint8Array): unknown {
  const why = jsonRefusalOf(bytes)
  if (why !== null) refuse(name, `has JSON with ${why === 'too deep' ? 'too many levels' : why}`)
  try {
    return parseJsonSafely(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    return refuse(name, 'is no JSON', cause)
  }
}

/** An object that the document has under this key; an absent one counts as empty. */
function memberOf(name: string, source: JsonObject, key: string): JsonObject {
  if (!Object.hasOwn(source, key)) return {}
  return objectOf(source[key]) ?? refuse(name, `has ${key} that are no object`)
}

/** The members that pass, in an object without prototype: `versions['constructor']` must be nothing. */
function pick(source: JsonObject, passes: (value: unknown, key: string) => boolean): JsonObject {
  const picked: JsonObject = Object.create(null)
  for (const [key, value] of Object.entries(source)) if (passes(value, key)) picked[key] = value
  return picked
}

function isVersion(key: string): boolean {
  return key.length <= MAX_VERSION_BYTES && /^[0-9][0-9A-Za-z.+-]*$/.test(key) && semver.parse(key, LOOSE) !== null
}

/** Whether a value is the manifest of a version, with a tarball and a digest that can be used. */
export function isManifest(value: unknown, name: string, version: string): value is VersionManifest {
  const manifest = objectOf(value)
  if (manifest === null || manifest.name !== name || manifest.version !== version) return false
  const dist = Object.hasOwn(manifest, 'dist') ? objectOf(manifest.dist) : null
  return dist !== null && isTarballUrl(dist.tarball) && hasTextOrNothing(dist) && expectedDigestsOf(dist) !== null
}

function isTarballUrl(value: unknown): boolean {
  return (
    typeof value === 'string' && value.length <= MAX_URL_CHARS && /^https?:$/.test(URL.parse(value)?.protocol ?? '')
  )
}

function hasTextOrNothing(dist: JsonObject): boolean {
  return ['integrity', 'shasum'].every(key => dist[key] === undefined || typeof dist[key] === 'string')
}

function isDate(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 64 && !Number.isNaN(Date.parse(value))
}

function objectOf(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null
}

function refuse(name: string, why: string, cause?: unknown): never {
  throw new UpstreamError('E_UPSTREAM_DOCUMENT', `the upstream's document of ${name} ${why}`, { cause })
}

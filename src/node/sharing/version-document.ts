import { Buffer } from 'node:buffer'
import type { PackumentDocument, VersionManifest } from '../registries/npm/npm-source.ts'
import { jsonRefusalOf, parseJsonSafely } from '../upstream/npm/json-scan.ts'
import { MAX_MANIFEST_BYTES, MAX_TAG_CHARS, MAX_TAGS } from './limits.ts'

/** What travels with a stated version: how the upstream's document lists it, and the tags that were on it then. */
export interface VersionDocument {
  readonly manifest: Readonly<Record<string, unknown>>
  readonly tags: readonly string[]
}

/**
 * The document of a listed version as bytes; null when it is larger than others take. Without the tarball's address: it would
 * tell where the mirror is that this node asks, and readers fetch nothing from there.
 */
export function encodeVersionDocument(document: PackumentDocument, manifest: VersionManifest): Buffer | null {
  const tagged = Object.entries(document['dist-tags']).filter(([, version]) => version === manifest.version)
  const tags = tagged
    .map(([tag]) => tag)
    .filter(isTag)
    .slice(0, MAX_TAGS)
  const { tarball: _, ...dist } = manifest.dist
  const bytes = Buffer.from(JSON.stringify({ manifest: { ...manifest, dist }, tags } satisfies VersionDocument))
  return bytes.length > MAX_MANIFEST_BYTES ? null : bytes
}

/** A publisher's bytes as such a document, or null; what the manifest says is checked where it is listed. */
export function parseVersionDocument(bytes: Uint8Array): VersionDocument | null {
  if (bytes.length > MAX_MANIFEST_BYTES || jsonRefusalOf(oneLevelDeeper(bytes)) !== null) return null
  try {
    const value = parseJsonSafely(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (!isObject(value) || !isObject(value.manifest)) return null
    const tags = Array.isArray(value.tags) ? value.tags.filter(isTag).slice(0, MAX_TAGS) : []
    return { manifest: value.manifest, tags }
  } catch {
    return null
  }
}

/** As its manifest will stand in a whole document: one that is too deep there would take all other versions with it. */
const oneLevelDeeper = (bytes: Uint8Array): Uint8Array => Buffer.concat([Buffer.from('['), bytes, Buffer.from(']')])

const isTag = (tag: unknown): tag is string =>
  typeof tag === 'string' && tag !== '' && tag !== '__proto__' && tag.length <= MAX_TAG_CHARS

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

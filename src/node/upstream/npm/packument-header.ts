import { z } from 'zod'
import type { ManifestFacts } from '../../../protocol/index.ts'
import { MAX_DEPRECATION_CHARS, MAX_LICENCE_CHARS } from '../../registries/npm/manifest-facts.ts'
import { MAX_VALIDATOR_CHARS, MAX_VERSION_BYTES } from './limits.ts'
import type { PackumentFacts, SeenVersion } from './packument-store.ts'

const validator = z.string().max(MAX_VALIDATOR_CHARS).nullable()
const version = z.string().max(MAX_VERSION_BYTES)
const mark = z.string().regex(/^[\w-]{22}$/)
const size = z.int().nonnegative().nullable()
const named = {
  name: z.string(),
  revision: z.string().regex(/^[\w-]{43}$/),
  etag: validator,
  lastModified: validator,
}

/** What most versions of a package have in common: licence, scripts, deprecation. */
const manifest = z.tuple([
  z.string().max(MAX_LICENCE_CHARS).nullable(),
  z.array(z.string().max(16)).max(4),
  z.string().max(MAX_DEPRECATION_CHARS).nullable(),
])
/** `seen`: version, time, mark, index in `manifests`, unpacked bytes. */
const headerSchema = z.strictObject({
  ...named,
  manifests: z.array(manifest),
  seen: z.array(z.tuple([version, z.int(), mark, z.int().nonnegative(), size])),
})
type Header = z.infer<typeof headerSchema>

const oldHeaderSchema = z.strictObject({ ...named, seen: z.array(z.tuple([version, z.int(), mark])) })

/** Of a version of which only the time and the digests were kept. */
const UNREAD_MANIFEST: ManifestFacts = {
  licence: null,
  installScripts: [],
  deprecated: null,
  bytes: null,
  unpackedBytes: null,
}

/** The facts of a document as one line of JSON. */
export function headerOf({ name, revision, etag, lastModified, seen }: PackumentFacts): string {
  const indices = new Map<string, number>()
  const manifests: Header['manifests'] = []
  const indexOf = ({ licence, installScripts, deprecated }: ManifestFacts): number => {
    const entry: Header['manifests'][number] = [licence, [...installScripts], deprecated]
    const key = JSON.stringify(entry)
    const index = indices.get(key) ?? manifests.push(entry) - 1
    indices.set(key, index)
    return index
  }
  const lines = [...seen].map(([version, { firstSeen, mark, manifest }]): Header['seen'][number] => [
    ...([version, firstSeen, mark] as const),
    ...([indexOf(manifest), manifest.unpackedBytes] as const),
  ])
  return JSON.stringify({ name, revision, etag, lastModified, manifests, seen: lines })
}

/** @throws what is no header */
export function parseHeader(line: Buffer): PackumentFacts {
  const { manifests, seen, ...facts } = headerSchema.parse(JSON.parse(line.toString()))
  const common = manifests.map(([licence, installScripts, deprecated]) => ({
    ...{ licence, installScripts, deprecated },
    bytes: null,
  }))
  const versions = seen.map(([version, firstSeen, mark, index, unpackedBytes]): [string, SeenVersion] => {
    const manifest = common[index]
    if (manifest === undefined) throw new RangeError('a manifest that is not there')
    return [version, { firstSeen, mark, manifest: { ...manifest, unpackedBytes } }]
  })
  return { ...facts, seen: new Map(versions) }
}

/** Reads the first form, which kept nothing of manifests. @throws what is no header */
export function parseOldHeader(line: Buffer): PackumentFacts {
  const { seen, ...facts } = oldHeaderSchema.parse(JSON.parse(line.toString()))
  const versions = seen.map(([version, firstSeen, mark]): [string, SeenVersion] => [
    version,
    { firstSeen, mark, manifest: UNREAD_MANIFEST },
  ])
  return { ...facts, seen: new Map(versions) }
}

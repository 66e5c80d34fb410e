import { type Document, documentKeyOf } from './document.ts'
import { encodeJson, parseStoredJson } from './search-store.ts'

/** Package, name, description, keywords, version, popularity, release time, quality, public; '' for a text that follows from others. */
type Row = readonly [string, string, string, readonly string[], string, number, number, number | null, 0 | 1]
type Labelled = Pick<Document, 'type' | 'publisher' | 'license'>

/** The document without what the columns have, in few bytes. */
export function encodeDocument(document: Document): Uint8Array {
  const { package: purl, name, description, keywords, version } = document
  const { popularity, releasedMs, quality, isPublic } = document
  const usual = usualPackageOf(document.type, name)
  const row: Row = [
    purl === usual ? '' : purl,
    name,
    description,
    keywords,
    version,
    popularity,
    releasedMs,
    quality,
    isPublic ? 1 : 0,
  ]
  return encodeJson(row)
}

/** The document that was stored, or null when it is absent or damaged. */
export function parseDocument(stored: Uint8Array | undefined, labels: Labelled): Document | null {
  const row = parseStoredJson(stored) as Row | null
  if (row === null) return null
  const [purl, name, description, keywords, version, popularity, releasedMs, quality, isPublic] = row
  const { type, publisher, license } = labels
  const named = purl === '' ? usualPackageOf(type, name) : purl
  const key = documentKeyOf(publisher, named)
  const rest = { name, type, description, keywords, license, version, popularity, releasedMs, quality }
  return { key, publisher, package: named, ...rest, isPublic: isPublic === 1 }
}

const usualPackageOf = (type: string, name: string): string => `pkg:${type}/${name.replace('@', '%40')}`

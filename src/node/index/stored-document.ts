import { type Document, documentKeyOf } from './document.ts'
import { encodeJson, parseStoredJson } from './search-store.ts'

/** What the columns have of a document. */
type InColumns = Pick<Document, 'name' | 'type' | 'publisher' | 'license' | 'isPublic'>

/** Description, keywords, version, popularity, release time, quality; then the package if the key does not tell the name. */
type Row = readonly [string, readonly string[], string, number, number, number | null, string?]

/** The document without what the columns have, in few bytes. */
export function encodeDocument(document: Document): Uint8Array {
  const { package: purl, description, keywords, version, popularity, releasedMs, quality } = document
  const row: Row = [description, keywords, version, popularity, releasedMs, quality]
  return encodeJson(isOdd(document) ? [...row, purl] : row)
}

/** The document that was stored, or null when it is absent or damaged. */
export function parseDocument(stored: Uint8Array | undefined, columns: InColumns): Document | null {
  const row = parseStoredJson(stored) as Row | null
  if (row === null) return null
  const [description, keywords, version, popularity, releasedMs, quality, odd] = row
  const { name, type, publisher, license, isPublic } = columns
  const purl = odd ?? usualPackageOf(type, name)
  const texts = { name, type, description, keywords, license, version }
  return {
    key: documentKeyOf(publisher, purl),
    publisher,
    package: purl,
    ...texts,
    isPublic,
    popularity,
    releasedMs,
    quality,
  }
}

/** Whether the key of a document does not tell its publisher, type and name: `pkg:pypi/flask` may be called `Flask`. */
export function isOdd({ key, package: purl, publisher, type, name }: Document): boolean {
  if (purl !== usualPackageOf(type, name)) return true
  const told = usualNameOf(key)
  return told?.publisher !== publisher || told.type !== type || told.name !== name.toWellFormed()
}

/** What a key says of its document, if the package is the usual one of its name. */
export function usualNameOf(key: string): Pick<Document, 'publisher' | 'type' | 'name'> | null {
  const [, publisher = '', purl = '', type = '', path = ''] = /^(.*) (pkg:([^/]*)\/(.*))$/s.exec(key) ?? []
  const name = decoded(path)
  return name !== null && purl !== '' && usualPackageOf(type, name) === purl ? { publisher, type, name } : null
}

function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path)
  } catch {
    return null
  }
}

const usualPackageOf = (type: string, name: string): string =>
  `pkg:${type}/${name.toWellFormed().split('/').map(encodeURIComponent).join('/')}`

import { parseAllDocuments } from 'yaml'
import { MAX_YAML_BYTES, MAX_YAML_MARKS } from './limits.ts'
import { unreadable } from './locked-release.ts'

/** The documents of a YAML text as plain values; a client may write several. */
export function yamlDocumentsOf(text: string): readonly unknown[] {
  if (Buffer.byteLength(text) > MAX_YAML_BYTES) throw unreadable(`it is larger than ${MAX_YAML_BYTES} bytes`)
  if (marksIn(text) > MAX_YAML_MARKS) throw unreadable(`it has more than ${MAX_YAML_MARKS} lines, keys and items`)
  try {
    const documents = parseAllDocuments(text, { prettyErrors: false, uniqueKeys: false })
    return (Array.isArray(documents) ? documents : []).map(document => {
      const [error] = document.errors
      if (error !== undefined) throw error
      return document.toJS({ maxAliasCount: 0 })
    })
  } catch (cause) {
    throw unreadable(cause instanceof RangeError ? 'it is nested too deeply' : 'it is no YAML', cause)
  }
}

/** What may begin something in YAML, counted before a reader makes an object of each. */
function marksIn(text: string): number {
  let count = 0
  for (const _mark of text.matchAll(/[\n,:[{]/g)) count++
  return count
}

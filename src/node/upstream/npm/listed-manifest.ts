import type { VersionManifest } from '../../registries/npm/npm-source.ts'
import { endOfObject, parseJsonSafely } from './json-scan.ts'
import { isManifest } from './parse-packument.ts'

/** Places looked at for one version: a usual document has its key in `versions`, `time` and some dependencies. */
const MAX_PLACES = 64

/**
 * The manifest of a version in the text of a document that was parsed before, found without parsing the rest; null when that
 * fails. `isIt` must know the manifest: the same key may stand elsewhere.
 */
export function listedManifestOf(
  json: Buffer,
  name: string,
  version: string,
  isIt: (manifest: VersionManifest) => boolean,
): VersionManifest | null {
  const key = Buffer.from(`${JSON.stringify(version)}:`)
  let at = json.indexOf(key)
  for (let place = 0; at >= 0 && place < MAX_PLACES; place++) {
    const begin = at + key.length
    const manifest = json[begin] === 0x7b ? parse(json.subarray(begin, endOfObject(json, begin))) : null
    if (isManifest(manifest, name, version) && isIt(manifest)) return manifest
    at = json.indexOf(key, begin)
  }
  return null
}

/** null: a piece of text that only looked like an object. */
function parse(text: Buffer): unknown {
  try {
    return parseJsonSafely(text.toString())
  } catch {
    return null
  }
}

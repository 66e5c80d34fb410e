import { refuse } from '../refusal.ts'
import type { Headers } from './headers.ts'

/** Tags of one WHEEL: known wheels have at most a few dozen. */
const MAX_TAGS = 1024

/** Normalised part of a wheel's file name (binary distribution format, "Escaping and Unicode"). */
const escaped = (text: string) => text.toLowerCase().replace(/[-_.]+/g, '_')
/** A version in a file name keeps its dots. */
const escapedVersion = (text: string) => text.toLowerCase().replace(/-/g, '_')

/** The wheel's file name: the given one if it says the same as the manifest, else built from it; refuses E_ARCHIVE_MANIFEST. */
export function wheelFileName(name: string, version: string, wheel: Headers, given: string | undefined): string {
  const tags = (wheel.get('tag') ?? []).slice(0, MAX_TAGS)
  if (given !== undefined && isWheelNameOf(given, name, version)) return given
  const parts = tags.map(tag => tag.split('-'))
  if (parts.length === 0 || parts.some(part => part.length !== 3))
    refuse('E_ARCHIVE_MANIFEST', 'WHEEL has no valid tag')
  const build = wheel.get('build')?.[0]
  const fields = [0, 1, 2].map(index => [...new Set(parts.map(part => part[index]!))].sort().join('.'))
  const file = [escaped(name), escapedVersion(version), ...(build === undefined ? [] : [build]), ...fields].join('-')
  if (!/^[\w.+!-]{1,250}$/.test(file)) refuse('E_ARCHIVE_MANIFEST', 'WHEEL has tags that are no file name')
  return `${file}.whl`
}

/** Whether a file name is this wheel's by project and version; its tags are free, since retagging tools leave WHEEL as it was. */
export function isWheelNameOf(file: string, name: string, version: string): boolean {
  if (!/^[\w.+!-]{1,250}\.whl$/.test(file)) return false
  const parts = file.slice(0, -'.whl'.length).split('-')
  if (parts.length !== 5 && parts.length !== 6) return false
  return escaped(parts[0]!) === escaped(name) && escapedVersion(parts[1]!) === escapedVersion(version)
}

import type { PackageName } from './ids.ts'
import { MAX_PATTERN_BYTES } from './limits.ts'
import { parsePackageSpec, shortNameOf } from './purl.ts'
import { isCleanName } from './unicode.ts'

/** A checked pattern over short names, as in `npm:@acme/*`; `*` matches any run of characters, `/` too. */
export type Pattern = string & { readonly __brand: 'Pattern' }
export type PatternResult =
  | { readonly ok: true; readonly value: Pattern }
  | { readonly ok: false; readonly code: 'E_PATTERN'; readonly why: string }

/** Reads a pattern: `*`, a short name or package URL, or a short name with stars; runs of stars become one. */
export function parsePattern(text: string): PatternResult {
  if (Buffer.byteLength(text) > MAX_PATTERN_BYTES) return refuse(`longer than ${MAX_PATTERN_BYTES} bytes`)
  if (!text.includes('*')) return namePattern(text)
  if (!isCleanName(text) || /[\s?#%\\]/.test(text)) return refuse('a character that no name may have')
  if (!/^([a-z][a-z0-9.-]*:|[a-z0-9.-]*\*)/.test(text)) return refuse('write TYPE:NAME, as in npm:@acme/*')
  return { ok: true, value: foldedStars(text.replace(/\*+/g, '*')) as Pattern }
}

const refuse = (why: string): PatternResult => ({ ok: false, code: 'E_PATTERN', why })

function namePattern(text: string): PatternResult {
  const parsed = parsePackageSpec(text)
  if (!parsed.ok) return refuse(parsed.why)
  if (parsed.value.range !== null) return refuse('a pattern names packages, not versions')
  return { ok: true, value: shortNameOf(parsed.value.package) as Pattern }
}

/** Names that are normalized match only patterns that are: else `pypi:Acme_*` would guard nothing. */
function foldedStars(text: string): string {
  if (text.startsWith('pypi:'))
    return `pypi:${text
      .slice(5)
      .toLowerCase()
      .replace(/[-_.]+/g, '-')}`
  return text.startsWith('oci:') ? text.toLowerCase() : text
}

/** Whether the pattern matches the package's short name. */
export function matchesPattern(pattern: Pattern, packageName: PackageName): boolean {
  return matchesText(pattern, shortNameOf(packageName))
}

/** Whether `*`-pattern and text agree. */
export function matchesText(pattern: string, text: string): boolean {
  return textMatcherOf(pattern)(text)
}

/**
 * matchesText for many texts. The first place where a part between two stars fits is also the best one, so nothing is
 * tried twice: a hostile pattern costs no more than the search of its parts.
 */
export function textMatcherOf(pattern: string): (text: string) => boolean {
  const parts = pattern.split('*')
  const first = parts[0] ?? ''
  const last = parts.at(-1) ?? ''
  if (parts.length === 1) return text => text === first
  const inner = parts.slice(1, -1)
  return text => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
    let at = first.length
    for (const part of inner) {
      const found = text.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return at <= text.length - last.length
  }
}

/** Whether some text matches both patterns: decided on the grid of their positions, each visited once. */
export function patternsOverlap(a: string, b: string): boolean {
  // row[j]: the first i characters of a and the first j of b can describe a common text
  let row = new Array<boolean>(b.length + 1).fill(false)
  for (let i = 0; i <= a.length; i++) {
    const next = new Array<boolean>(b.length + 1).fill(false)
    for (let j = 0; j <= b.length; j++) next[j] = fits(a, b, i, j, row, next)
    row = next
  }
  return row[b.length] ?? false
}

function fits(a: string, b: string, i: number, j: number, above: readonly boolean[], row: readonly boolean[]): boolean {
  if (i === 0 && j === 0) return true
  const x = a[i - 1]
  const y = b[j - 1]
  if (i > 0 && (x === '*' ? above[j] || (j > 0 && row[j - 1]) : y === '*' && above[j])) return true
  if (j > 0 && (y === '*' ? row[j - 1] || (i > 0 && above[j]) : x === '*' && row[j - 1])) return true
  return i > 0 && j > 0 && x === y && (above[j - 1] ?? false)
}

/** Longest path of a request; a scoped name of 214 bytes, percent-encoded, and a tarball of that name fit. */
const MAX_PATH_CHARS = 2_048
/** npm's limit of a name, scope included. */
const MAX_NAME_CHARS = 214
/** Starts neither with a dot nor an underscore (npm's rule), so `..` and `__proto__` are none. */
const NAME_PART = /^[A-Za-z0-9~!'()-][A-Za-z0-9~!'()._-]*$/
/** What no segment may have, encoded or not: controls, separators of other systems, what encodes again. */
const FORBIDDEN = /[\p{C}\\%]/u
/** Folders that npm itself writes: never packages. */
const RESERVED = new Set(['node_modules', 'favicon.ico'])

/** The decoded segments of a path; a scoped name is one segment however its slash was written. */
export type PathSegments =
  | { readonly ok: true; readonly segments: readonly string[] }
  | { readonly ok: false; readonly why: string }

const refuse = (why: string) => ({ ok: false, why }) as const

/** Takes the raw path of a URL apart: `/@s/n`, `/@s%2fn`, `/@s%2Fn` and `/%40s%2fn` are all `@s/n`. */
export function splitPackagePath(rawPath: string): PathSegments {
  if (rawPath.length > MAX_PATH_CHARS) return refuse(`the path has more than ${MAX_PATH_CHARS} characters`)
  const decoded: string[] = []
  for (const raw of rawPath.replace(/^\/|\/$/g, '').split('/')) {
    const text = decode(raw)
    if (text === null || FORBIDDEN.test(text)) return refuse('the path has a character that none may have')
    const parts = text.split('/')
    if (parts.some(part => part === '' || part === '.' || part === '..')) return refuse('a segment is empty or dots')
    if (parts.length > 1 && (parts.length !== 2 || !text.startsWith('@'))) {
      return refuse('only the slash of a scope may be encoded')
    }
    decoded.push(...parts)
  }
  return { ok: true, segments: joinScopes(decoded) }
}

/** Whether a text is a name that npm could install. */
export function isPackageName(text: string): boolean {
  if (text.length > MAX_NAME_CHARS || RESERVED.has(text)) return false
  const scoped = /^@([^/]+)\/([^/]+)$/.exec(text)
  if (scoped === null) return NAME_PART.test(text)
  return NAME_PART.test(scoped[1] ?? '') && NAME_PART.test(scoped[2] ?? '')
}

/** A name as one URL path: the form every client writes and follows. */
export const urlPathOf = (name: string): string =>
  name
    .split('/')
    .map(part => (part.startsWith('@') ? `@${encodeURIComponent(part.slice(1))}` : encodeURIComponent(part)))
    .join('/')

/** `@scope` and what follows it are one segment. */
function joinScopes(parts: readonly string[]): string[] {
  const joined: string[] = []
  for (const part of parts) {
    const last = joined.at(-1)
    if (last?.startsWith('@') && !last.includes('/')) joined[joined.length - 1] = `${last}/${part}`
    else joined.push(part)
  }
  return joined
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

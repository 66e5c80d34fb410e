import { isPackageName, splitPackagePath } from './package-url-path.ts'

/** What a client asks of the registry; everything it can ask is here. */
export type NpmOperation =
  | { readonly is: 'ping' | 'whoami' | 'web-login' | 'search' | 'advisories' | 'quick-audit' | 'keys' }
  | { readonly is: 'login'; readonly user: string }
  | { readonly is: 'profile' | 'tokens' | 'new-token' | 'end-token' | 'logout' }
  | { readonly is: 'tags'; readonly name: string }
  | { readonly is: 'set-tag' | 'remove-tag'; readonly name: string; readonly tag: string }
  | { readonly is: 'packument' | 'publish' | 'unpublish'; readonly name: string }
  | { readonly is: 'manifest'; readonly name: string; readonly wanted: string }
  | { readonly is: 'tarball'; readonly name: string; readonly version: string }
  | { readonly is: 'nothing' }
  | { readonly is: 'malformed'; readonly why: string }

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'
const NOTHING: NpmOperation = { is: 'nothing' }

/** Reads the method and the raw path below the mount point; HEAD is asked as GET. */
export function npmOperationOf(method: string, rawPath: string): NpmOperation {
  const path = splitPackagePath(rawPath)
  if (!path.ok) return { is: 'malformed', why: path.why }
  const verb = (method === 'HEAD' ? 'GET' : method) as Method
  const [first = '', ...rest] = path.segments
  if (first === '-') return serviceOf(verb, rest)
  if (!isPackageName(first)) return { is: 'malformed', why: 'that is no package name' }
  return packageOperationOf(verb, first, rest)
}

/** `/-/…`: what is about no package, and npm's tag routes. */
function serviceOf(verb: Method, segments: readonly string[]): NpmOperation {
  const [first = '', name = '', third, tag] = segments
  if (first === 'package') return isPackageName(name) ? tagOperationOf(verb, name, third, tag) : malformedName
  if (first === 'user' && verb === 'PUT' && segments.length === 2) return loginOf(name)
  if (verb === 'DELETE' && first === 'user' && name === 'token') return { is: 'logout' }
  if (verb === 'DELETE' && segments.slice(0, 4).join('/') === 'npm/v1/tokens/token') return { is: 'end-token' }
  const found = SERVICES.get(`${verb} ${segments.join('/')}`)
  return found === undefined ? NOTHING : { is: found }
}

const malformedName: NpmOperation = { is: 'malformed', why: 'that is no package name' }

type Service = 'ping' | 'whoami' | 'web-login' | 'search' | 'advisories' | 'quick-audit' | 'keys'
const SERVICES: ReadonlyMap<string, Service | 'profile' | 'tokens' | 'new-token'> = new Map([
  ['GET npm/v1/user', 'profile'],
  ['GET npm/v1/tokens', 'tokens'],
  ['POST npm/v1/tokens', 'new-token'],
  ['GET ping', 'ping'],
  ['GET whoami', 'whoami'],
  ['POST v1/login', 'web-login'],
  ['GET v1/search', 'search'],
  ['POST npm/v1/security/advisories/bulk', 'advisories'],
  ['POST npm/v1/security/audits', 'quick-audit'],
  ['POST npm/v1/security/audits/quick', 'quick-audit'],
  ['GET npm/v1/keys', 'keys'],
])

function loginOf(id: string): NpmOperation {
  const user = /^org\.couchdb\.user:(.{1,64})$/.exec(id)?.[1]
  return user === undefined ? NOTHING : { is: 'login', user }
}

function tagOperationOf(verb: Method, name: string, word: string | undefined, tag: string | undefined): NpmOperation {
  if (word !== 'dist-tags') return NOTHING
  if (tag === undefined) return verb === 'GET' ? { is: 'tags', name } : NOTHING
  if (verb === 'PUT' || verb === 'POST') return { is: 'set-tag', name, tag }
  return verb === 'DELETE' ? { is: 'remove-tag', name, tag } : NOTHING
}

/** `/NAME…`. Every way in which npm takes a version back is one operation, because the answer is one. */
function packageOperationOf(verb: Method, name: string, rest: readonly string[]): NpmOperation {
  const [second, third, fourth] = rest
  if (verb === 'DELETE' || (verb === 'PUT' && second === '-rev')) return { is: 'unpublish', name }
  if (second === undefined) {
    if (verb === 'GET') return { is: 'packument', name }
    return verb === 'PUT' ? { is: 'publish', name } : NOTHING
  }
  if (verb !== 'GET' || fourth !== undefined) return NOTHING
  if (second === '-' && third !== undefined) return tarballOf(name, third)
  return third === undefined ? { is: 'manifest', name, wanted: second } : NOTHING
}

/** `x-1.0.0.tgz` of `x` or `@s/x`; some registries' lock files have `@s/x-1.0.0.tgz`. */
function tarballOf(name: string, file: string): NpmOperation {
  const bare = bareNameOf(name)
  const last = file.includes('/') && name.startsWith(`${file.split('/')[0]}/`) ? (file.split('/')[1] ?? '') : file
  if (!last.startsWith(`${bare}-`) || !last.endsWith('.tgz')) return NOTHING
  return { is: 'tarball', name, version: last.slice(bare.length + 1, -'.tgz'.length) }
}

/** The file under which this registry offers a version's tarball. */
export const tarballFileOf = (name: string, version: string): string => `${bareNameOf(name)}-${version}.tgz`

const bareNameOf = (name: string): string => name.slice(name.indexOf('/') + 1)

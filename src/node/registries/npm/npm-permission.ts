import type { GuardedRequest, HttpGuard } from '../../http/http-guard.ts'
import type { NpmOperation } from './npm-operation.ts'
import { npmPackageOf } from './npm-package.ts'

/** What works without a token wherever reading needs one: it is how a client gets a token. */
const OPEN: ReadonlySet<NpmOperation['is']> = new Set(['ping', 'login', 'web-login', 'malformed', 'nothing'])
/** What is about the token itself: any will do. */
const OF_TOKEN: ReadonlySet<NpmOperation['is']> = new Set([
  'whoami',
  'profile',
  'tokens',
  'new-token',
  'end-token',
  'logout',
])

/** @throws NodeError E_UNAUTHORISED, E_FORBIDDEN with the scope that is missing, E_PLAIN_HTTP */
export function requirePermission(operation: NpmOperation, request: GuardedRequest, guard: HttpGuard): void {
  // The password is the token: it is in the body and no header tells.
  if (operation.is === 'login') guard.requireConfidential(request)
  if (OPEN.has(operation.is)) return
  if (OF_TOKEN.has(operation.is)) guard.requireToken(request)
  else if (isWrite(operation)) requirePublish(operation.name, request, guard)
  else guard.require('read', request)
}

const WRITES: ReadonlySet<NpmOperation['is']> = new Set(['publish', 'unpublish', 'set-tag', 'remove-tag'])
type Write = Extract<NpmOperation, { readonly is: 'publish' | 'unpublish' | 'set-tag' | 'remove-tag' }>
const isWrite = (operation: NpmOperation): operation is Write => WRITES.has(operation.is)

/** What is no name is refused by the operation, after the token. */
function requirePublish(name: string, request: GuardedRequest, guard: HttpGuard): void {
  const purl = npmPackageOf(name)
  if (purl === null) guard.require('publish', request)
  else guard.requirePublish(purl, request)
}

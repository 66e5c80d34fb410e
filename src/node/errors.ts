import type { ArchiveCode } from './archives/refusal.ts'

/** The closed set of codes a NodeError carries; extend it here when a folder needs another. */
export type NodeErrorCode =
  | ArchiveCode
  | 'E_ABORTED'
  | 'E_AMBIGUOUS'
  | 'E_ARCHIVE'
  | 'E_ARTIFACT_ALTERED'
  | 'E_BACKUP'
  | 'E_CONFIG'
  | 'E_DISK_FULL'
  | 'E_FEED_CLONED'
  | 'E_FORBIDDEN_HOST'
  | 'E_HOME_EXISTS'
  | 'E_HOME_IN_USE'
  | 'E_HOME_NEWER'
  | 'E_IDENTITY'
  | 'E_INTERNAL'
  | 'E_INVALID_INPUT'
  | 'E_IO'
  | 'E_LISTEN'
  | 'E_MULTIADDR'
  | 'E_NAME_TAKEN'
  | 'E_NETWORK'
  | 'E_NOT_FOUND'
  | 'E_NOT_READY'
  | 'E_NO_PROVIDER'
  | 'E_NO_ROUTE'
  | 'E_NPM_PACK'
  | 'E_POLICY_DENIED'
  | 'E_PUBLISHER'
  | 'E_PURL'
  | 'E_RANGE'
  | 'E_RECORD_CORRUPT'
  | 'E_RELATION'
  | 'E_ROUTE_TAKEN'
  | 'E_TOO_LARGE'
  | 'E_UNAUTHORISED'
  | 'E_USAGE'
  | 'E_VERSION_EXISTS'

/** What a NodeError may carry beside its code and message. */
export type NodeErrorOptions = { readonly cause?: unknown; readonly hint?: string }

/** The one error class of the node ring: unexpected outcomes only, with a closed code. */
export class NodeError extends Error {
  override readonly name = 'NodeError'
  readonly code: NodeErrorCode
  readonly hint?: string

  constructor(code: NodeErrorCode, message: string, options: NodeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    if (options.hint !== undefined) this.hint = options.hint
  }
}

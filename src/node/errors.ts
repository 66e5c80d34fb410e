import type { ArchiveCode } from './archives/refusal.ts'
import { CodedError } from './coded-error.ts'

/** The closed set of codes a NodeError carries; extend it here when a folder needs another. */
export type NodeErrorCode =
  | ArchiveCode
  | 'E_ABORTED'
  | 'E_AMBIGUOUS'
  | 'E_ARTIFACT_ALTERED'
  | 'E_BACKUP'
  | 'E_CONFIG'
  | 'E_FILE_NAME'
  | 'E_FORBIDDEN'
  | 'E_FORBIDDEN_HOST'
  | 'E_HOME_EXISTS'
  | 'E_IDENTITY'
  | 'E_LISTEN'
  | 'E_MULTIADDR'
  | 'E_NAME_TAKEN'
  | 'E_NETWORK'
  | 'E_NOT_FOUND'
  | 'E_NO_PROVIDER'
  | 'E_NO_ROUTE'
  | 'E_PLAIN_HTTP'
  | 'E_POLICY_DENIED'
  | 'E_PUBLISHER'
  | 'E_PURGED'
  | 'E_PURL'
  | 'E_RANGE'
  | 'E_RELATION'
  | 'E_ROUTE_TAKEN'
  | 'E_TOO_LARGE'
  | 'E_UNAUTHORISED'
  | 'E_USAGE'
  | 'E_VERSION_EXISTS'
  | 'E_WHICH_FILE'

/** The one error class of the node ring: unexpected outcomes only, with a closed code. */
export class NodeError extends CodedError<NodeErrorCode> {
  override readonly name = 'NodeError'
}

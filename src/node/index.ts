import { NodeError } from './errors.ts'
import type { Profile } from './config/index.ts'
export { verifyArchiveLine } from './archives/index.ts'

export interface StartOptions {
  readonly home: string
  readonly http?: { readonly host: string; readonly port: number }
  readonly listen?: readonly string[]
  readonly announce?: readonly string[]
  readonly bootstrap?: readonly string[]
  readonly network?: 'off' | 'private' | 'public'
  readonly mdns?: boolean
  /** `HANSE_*` variables. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Ends a start that is under way. */
  readonly signal?: AbortSignal
}
export interface RunningNode extends AsyncDisposable {
  readonly ready: {
    readonly http: string
    readonly peerId: string
    readonly addresses: readonly string[]
    readonly publisher: string
  }
  readonly closed: Promise<void>
}
export interface DoctorFinding {
  readonly kind: string
  readonly subject: string
  readonly problem: string
  readonly repaired: boolean
}
export function startNode(_options: StartOptions): Promise<RunningNode> {
  return Promise.reject(new NodeError('E_NOT_READY', 'startNode is not there yet'))
}
export function initHome(_home: string, _profile: Profile): Promise<object> {
  return Promise.reject(new NodeError('E_NOT_READY', 'initHome is not there yet'))
}
export async function* doctorHome(_home: string, _options: { repair: boolean }): AsyncGenerator<DoctorFinding> {
  yield await Promise.reject(new NodeError('E_NOT_READY', 'doctorHome is not there yet'))
}
export function restoreHome(_home: string, _file: string, _options: { offline: boolean }): Promise<object> {
  return Promise.reject(new NodeError('E_NOT_READY', 'restoreHome is not there yet'))
}

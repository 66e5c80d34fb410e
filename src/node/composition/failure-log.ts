/** Time between two lines about one subject, ms: whoever makes this node fail could fill its log. */
const QUIET_MS = 60_000

export interface FailureLogPorts {
  /** `unsaid`: failures of the subject since its last line. */
  readonly write: (failure: { readonly subject: string; readonly err: unknown; readonly unsaid: number }) => void
  /** Monotonic, ms. */
  readonly now: () => number
}

/** Failures that are not foreseen, at most a line a minute for each subject; subjects are few, and none is a stranger's word. */
export class FailureLog {
  readonly #ports: FailureLogPorts
  readonly #said = new Map<string, { at: number; unsaid: number }>()

  constructor(ports: FailureLogPorts) {
    this.#ports = ports
  }

  failed(subject: string, err: unknown): void {
    const now = this.#ports.now()
    const last = this.#said.get(subject)
    if (last !== undefined && now - last.at < QUIET_MS) {
      last.unsaid++
      return
    }
    this.#said.set(subject, { at: now, unsaid: 0 })
    this.#ports.write({ subject, err, unsaid: last?.unsaid ?? 0 })
  }
}

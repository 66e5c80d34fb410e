import { setTimeout as sleep } from 'node:timers/promises'
import { CliError, errorReportOf } from '../errors.ts'
import { DEMO_STEP_MS } from '../limits.ts'

/** One numbered step as it went. */
export interface StepReport {
  readonly number: number
  readonly step: string
  readonly ok: boolean
  readonly tookMs: number
  readonly detail: string
}

/** Runs the steps in order, reports each and stops at the first that was not as expected. */
export class StepList {
  readonly reports: StepReport[] = []
  readonly #report: (report: StepReport) => void
  readonly #signal: AbortSignal

  constructor(report: (report: StepReport) => void, signal: AbortSignal) {
    this.#report = report
    this.#signal = signal
  }

  get ok(): boolean {
    return this.reports.every(({ ok }) => ok)
  }

  /** Runs one step; its work returns what to tell, and throws when something was not as expected. */
  async run(step: string, work: () => Promise<string>): Promise<void> {
    if (!this.ok) return
    this.#signal.throwIfAborted()
    const began = performance.now()
    const end = (ok: boolean, detail: string) => {
      const tookMs = Math.round(performance.now() - began)
      const report = { number: this.reports.length + 1, step, ok, tookMs, detail }
      this.reports.push(report)
      this.#report(report)
    }
    try {
      end(true, await work())
    } catch (error) {
      if (this.#signal.aborted) throw error
      const { code, message } = errorReportOf(error)
      end(false, `${code}: ${message}`)
    }
  }

  /** Asks until the answer is there; a step has one minute. */
  async until<T>(what: string, ask: () => Promise<T | null | false>): Promise<T> {
    const before = performance.now() + DEMO_STEP_MS
    while (performance.now() < before) {
      const answer = await ask()
      if (answer !== null && answer !== false) return answer
      await sleep(25, undefined, { signal: this.#signal })
    }
    throw new CliError('E_NETWORK', `waited ${DEMO_STEP_MS / 1000} s for ${what}`)
  }
}

/** The code with which `work` is refused; that it succeeds is what was not expected. */
export async function refusalOf(work: () => Promise<unknown>, expected: readonly string[]): Promise<string> {
  try {
    await work()
  } catch (error) {
    const { code } = errorReportOf(error)
    if (expected.includes(code)) return code
    throw error
  }
  throw new CliError('E_BAD_ANSWER', `it succeeded, and ${expected.join(' or ')} was expected`)
}

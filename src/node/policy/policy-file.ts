import { type FSWatcher, watch } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { BUILT_IN_POLICY, type PolicyDocument } from '../../protocol/index.ts'
import { CodedError } from '../coded-error.ts'
import { readJsonFile, readText, replaceFile, replaceJsonFile } from '../storage/index.ts'
import { SETTLE_MS } from './limits.ts'
import { parsePolicyText } from './policy-text.ts'

/** Name of the operator's rules in a home. */
export const POLICY_FILE = 'policy.yaml'

const keptSchema = z.strictObject({ version: z.literal(1), text: z.string().nullable() })

/** A text that is a policy; null: there is no file, so the built-in one. */
export interface GoodText {
  readonly text: string | null
  readonly document: PolicyDocument
}

/** What a look at the file found beside the policy in force. */
export type Look =
  | { readonly is: 'same' }
  | { readonly is: 'changed'; readonly good: GoodText }
  /** The policy in force stays. `isNew`: nobody was told of this text yet. */
  | { readonly is: 'broken'; readonly problem: string; readonly isNew: boolean }

/** The same, of a file that may be half written. */
type Found =
  | Exclude<Look, { readonly is: 'broken' }>
  | { readonly is: 'broken'; readonly text: string; readonly problem: string }

/** policy.yaml and the last text of it that was one; a copy of that outlives restarts. */
export class PolicyFile {
  readonly path: string
  readonly #keptPath: string
  #good: GoodText
  #problem: string | null = null
  #brokenText: string | null = null
  #seen = ''

  private constructor(path: string, keptPath: string, good: GoodText) {
    this.path = path
    this.#keptPath = keptPath
    this.#good = good
  }

  /** With the last good text of an earlier run. `isFirst`: there is none, the home is new to policies. */
  static async open(home: string, state: string): Promise<{ readonly file: PolicyFile; readonly isFirst: boolean }> {
    const keptPath = join(state, 'policy-last-good.json')
    const kept = await readJsonFile(keptPath, keptSchema)
    const good = goodTextOf(kept?.text ?? null) ?? { text: null, document: BUILT_IN_POLICY }
    return { file: new PolicyFile(join(home, POLICY_FILE), keptPath, good), isFirst: kept === null }
  }

  get good(): GoodText {
    return this.#good
  }

  /** What is wrong with the file on disk, or null; the good text is in force meanwhile. */
  get problem(): string | null {
    return this.#problem
  }

  /** Reads the file when it may have changed. `settle`: what is missing or broken is looked at again before it counts. */
  async look({ settle }: { readonly settle: boolean }): Promise<Look> {
    const seen = await signatureOf(this.path)
    if (seen !== '' && seen === this.#seen) return { is: 'same' }
    const found = await this.#read()
    const isSure = found.is === 'same' || (found.is === 'changed' && found.good.text !== null)
    if (settle && !isSure) {
      await pause(SETTLE_MS)
      return await this.look({ settle: false })
    }
    this.#seen = seen
    return found.is === 'broken' ? this.#broken(found.text, found.problem) : this.#readable(found)
  }

  /** Makes a text the last good one. The copy is written first: a crash between leaves a change to be found again. */
  async keep(good: GoodText): Promise<void> {
    await replaceJsonFile(this.#keptPath, { version: 1, text: good.text })
    this.#good = good
    this.#problem = null
    this.#brokenText = null
  }

  /** What was found could not be taken over: the next look finds it again. */
  failed(problem: string): void {
    this.#problem = problem
    this.#seen = ''
  }

  /** The text on disk, also a broken one; null: none that can be read. */
  async textOnDisk(): Promise<string | null> {
    return await readText(this.path).catch(() => null)
  }

  /** Writes the file itself; null removes it. */
  async write(good: GoodText): Promise<void> {
    if (good.text === null) await rm(this.path, { force: true })
    else await replaceFile(this.path, Buffer.from(good.text), 0o600)
    await this.keep(good)
    this.#seen = ''
  }

  /** Calls back when the system reports a change; where it reports none, looks at use find it. */
  watch(changed: () => void): Disposable {
    let watcher: FSWatcher | null = null
    try {
      watcher = watch(join(this.path, '..'), { persistent: false }, (_event, name) => {
        if (name === null || name === POLICY_FILE) changed()
      })
      watcher.on('error', () => watcher?.close())
    } catch {
      // The system has no watch left to give.
    }
    return { [Symbol.dispose]: () => watcher?.close() }
  }

  /** What the file is now; nothing is remembered of it, as it may be half written. */
  async #read(): Promise<Found> {
    let text: string | null = null
    try {
      text = await readText(this.path)
      if (text === this.#good.text) return { is: 'same' }
      return { is: 'changed', good: { text, document: text === null ? BUILT_IN_POLICY : parsePolicyText(text) } }
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      return { is: 'broken', text: text ?? error.message, problem: error.message }
    }
  }

  #readable(found: Exclude<Found, { readonly is: 'broken' }>): Look {
    if (found.is === 'same') {
      this.#problem = null
      this.#brokenText = null
    }
    return found
  }

  #broken(text: string, problem: string): Look {
    const isNew = this.#brokenText !== text
    this.#brokenText = text
    this.#problem = problem
    return { is: 'broken', problem, isNew }
  }
}

/** A text's policy; null for one that this program does not read. */
export function goodTextOf(text: string | null): GoodText | null {
  if (text === null) return { text, document: BUILT_IN_POLICY }
  try {
    return { text, document: parsePolicyText(text) }
  } catch {
    return null
  }
}

/** How long a file may go on changing without a new time: the coarsest clock of a file system in use; ms. */
const CLOCK_STEP_MS = 2_000

/** Says whether a file is the one seen before; empty where that cannot be told. */
async function signatureOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => null)
  if (found === null || Math.abs(Date.now() - found.mtimeMs) < CLOCK_STEP_MS) return ''
  return `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`
}

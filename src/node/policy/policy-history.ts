import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readJsonFile, replaceJsonFile } from '../storage/index.ts'
import { makeFolder } from '../storage/make-folder.ts'
import { type AcceptedChange, releaseListSchema } from './accepted-releases.ts'
import { MAX_HISTORY } from './limits.ts'
import { decisionsJson, decisionsSchema } from './policy-decisions.ts'

const entrySchema = z.strictObject({
  version: z.literal(1),
  /** ms since 1970. */
  at: z.int().nonnegative(),
  who: z.string(),
  what: z.string(),
  /** What was there before, of the parts that changed; null: no file. */
  file: z.strictObject({ before: z.string().nullable() }).optional(),
  decisions: decisionsSchema.optional(),
  accepted: z.strictObject({ added: releaseListSchema, removed: releaseListSchema }).optional(),
})

/** One change of policy, with what brings back the state before it. */
export interface PolicyChange extends Omit<z.output<typeof entrySchema>, 'version' | 'accepted'> {
  readonly accepted?: AcceptedChange | undefined
}
interface KeptChange {
  readonly number: number
  readonly change: PolicyChange
}

/** The last changes of policy, each in a file of its own, oldest first. */
export class PolicyHistory {
  readonly #folder: string
  #numbers: readonly number[]

  private constructor(folder: string, numbers: readonly number[]) {
    this.#folder = folder
    this.#numbers = numbers
  }

  static async open(folder: string): Promise<PolicyHistory> {
    await makeFolder(folder)
    const numbers = (await readdir(folder)).flatMap(name => /^(\d{1,15})\.json$/.exec(name)?.[1] ?? [])
    return new PolicyHistory(
      folder,
      numbers.map(Number).toSorted((a, b) => a - b),
    )
  }

  get count(): number {
    return this.#numbers.length
  }

  /** Written before the change itself, so that there is always a way back. */
  async push({ decisions, ...change }: PolicyChange): Promise<void> {
    const number = (this.#numbers.at(-1) ?? 0) + 1
    const before = decisions === undefined ? {} : { decisions: decisionsJson(decisions) }
    await replaceJsonFile(this.#pathOf(number), { version: 1, ...change, ...before })
    const numbers = [...this.#numbers, number]
    for (const old of numbers.slice(0, -MAX_HISTORY)) await rm(this.#pathOf(old), { force: true })
    this.#numbers = numbers.slice(-MAX_HISTORY)
  }

  /** The last change, or null. @throws StorageError E_FILE_CORRUPT */
  async last(): Promise<KeptChange | null> {
    for (const number of this.#numbers.toReversed()) {
      const change = await readJsonFile(this.#pathOf(number), entrySchema)
      if (change !== null) return { number, change }
    }
    return null
  }

  /** Forgets a change, once it is undone. */
  async remove(number: number): Promise<void> {
    await rm(this.#pathOf(number), { force: true })
    this.#numbers = this.#numbers.filter(each => each !== number)
  }

  #pathOf(number: number): string {
    return join(this.#folder, `${String(number).padStart(8, '0')}.json`)
  }
}

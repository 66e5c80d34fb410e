import { z } from 'zod'
import { type UpstreamSetting, upstreamSchema } from '../config/index.ts'
import { NodeError } from '../errors.ts'
import { readJsonFile, replaceJsonFile } from '../storage/index.ts'

/** Upstreams that commands may add: each keeps connections, memory and a folder of its own. */
const MAX_ADDED_UPSTREAMS = 256

const documentSchema = z.strictObject({
  version: z.literal(1),
  upstreams: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,31}$/), upstreamSchema),
})
type BookDocument = z.output<typeof documentSchema>

/** The registries that people added by command, in `state/upstreams.json`; those of config.yaml are not among them. */
export class UpstreamBook {
  readonly #path: string
  #settings: ReadonlyMap<string, UpstreamSetting>
  #last: Promise<unknown> = Promise.resolve()

  private constructor(path: string, { upstreams }: BookDocument) {
    this.#path = path
    this.#settings = new Map(Object.entries(upstreams))
  }

  /** @throws StorageError E_FILE_CORRUPT, E_FILE: what a person decided is never dropped unasked */
  static async open(path: string): Promise<UpstreamBook> {
    const found = await readJsonFile(path, documentSchema as z.ZodType<BookDocument>)
    return new UpstreamBook(path, found ?? { version: 1, upstreams: {} })
  }

  list(): ReadonlyMap<string, UpstreamSetting> {
    return this.#settings
  }

  /** Resolves once it is on disk. @throws NodeError E_USAGE when there are too many; StorageError E_DISK_FULL */
  async put(name: string, setting: UpstreamSetting): Promise<void> {
    await this.#change(settings => {
      settings.set(name, setting)
      if (settings.size <= MAX_ADDED_UPSTREAMS) return
      throw new NodeError('E_USAGE', `${MAX_ADDED_UPSTREAMS} upstreams were added already`, {
        hint: 'hanse upstream remove NAME',
      })
    })
  }

  async delete(name: string): Promise<void> {
    await this.#change(settings => void settings.delete(name))
  }

  /** Changes one after the other: each begins with what the last one left. */
  #change(change: (settings: Map<string, UpstreamSetting>) => void): Promise<void> {
    const changed = this.#last.then(async () => {
      const next = new Map(this.#settings)
      change(next)
      await replaceJsonFile(this.#path, { version: 1, upstreams: Object.fromEntries(next) } satisfies BookDocument)
      this.#settings = next
    })
    this.#last = changed.catch(() => {})
    return changed
  }
}

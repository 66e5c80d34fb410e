import { z } from 'zod'
import type { PackageName, Sha256 } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import { readJsonFile, replaceJsonFile } from '../storage/index.ts'

/** Pins of one node: people write them one by one, scripts for a project at a time. */
const MAX_CACHE_PINS = 20_000

const pinSchema = z.strictObject({
  purl: z.string().regex(/^pkg:/).max(1024),
  version: z.string().min(1).max(256),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
const schema = z.strictObject({ version: z.literal(1), pins: z.array(pinSchema).max(MAX_CACHE_PINS) })

/** A version of an upstream that stays cached until it is unpinned. */
export interface CachePin {
  readonly purl: PackageName
  readonly version: string
  readonly sha256: Sha256
}

/** The pins in `state/cache-pins.json`. */
export class CachePins {
  readonly #path: string
  #pins: readonly CachePin[]
  #held: ReadonlySet<Sha256>
  #last: Promise<unknown> = Promise.resolve()

  private constructor(path: string, pins: readonly CachePin[]) {
    this.#path = path
    this.#pins = pins
    this.#held = new Set(pins.map(({ sha256 }) => sha256))
  }

  /** @throws StorageError E_FILE_CORRUPT, E_FILE */
  static async open(path: string): Promise<CachePins> {
    const found = await readJsonFile(path, schema)
    return new CachePins(path, (found?.pins ?? []) as unknown as readonly CachePin[])
  }

  list(): readonly CachePin[] {
    return this.#pins
  }

  has(sha256: Sha256): boolean {
    return this.#held.has(sha256)
  }

  /** Durable when it resolves. @throws NodeError E_USAGE when there are too many; StorageError E_DISK_FULL */
  async add(pin: CachePin): Promise<void> {
    await this.#change(pins => {
      const others = pins.filter(each => !isSame(each, pin))
      if (others.length >= MAX_CACHE_PINS)
        throw new NodeError('E_USAGE', `${MAX_CACHE_PINS} versions are pinned already`)
      return [...others, pin]
    })
  }

  /** Whether it was pinned. */
  async remove(pin: Pick<CachePin, 'purl' | 'version'>): Promise<boolean> {
    const before = this.#pins.length
    await this.#change(pins => pins.filter(each => !isSame(each, pin)))
    return this.#pins.length < before
  }

  #change(change: (pins: readonly CachePin[]) => readonly CachePin[]): Promise<void> {
    const changed = this.#last.then(async () => {
      const pins = change(this.#pins)
      await replaceJsonFile(this.#path, { version: 1, pins })
      this.#pins = pins
      this.#held = new Set(pins.map(({ sha256 }) => sha256))
    })
    this.#last = changed.catch(() => {})
    return changed
  }
}

const isSame = (a: Pick<CachePin, 'purl' | 'version'>, b: Pick<CachePin, 'purl' | 'version'>): boolean =>
  a.purl === b.purl && a.version === b.version

import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { WithheldPick } from './withheld-picks.ts'

const compress = promisify(gzip)

/** Bytes of all bodies kept: react's full packument is 5.4 MB plain and 0.7 MB compressed, a usual one under 20 kB. */
const MAX_KEPT_BODY_BYTES = 32 * 2 ** 20

export type BodyEncoding = 'gzip' | 'identity'

/** A body as it is sent. */
export interface ReadyBody {
  readonly bytes: Buffer
  /** Quoted, for the header. */
  readonly etag: string
  /** What rules object to of it, told whenever it is sent. */
  readonly picks: readonly WithheldPick[]
}

/** Which body: one package from one source, in one representation, for clients that reach this node in one way. */
export interface BodyKey {
  readonly name: string
  readonly sourceKey: string
  readonly form: 'full' | 'short'
  readonly encoding: BodyEncoding
  readonly base: string
}

/** What a body is made of: the document, and when it stops being true by itself. */
export interface MadeBody {
  readonly document: object
  readonly picks: readonly WithheldPick[]
  /** ms since 1970; null: never. */
  readonly until: number | null
}

/** A body and what it is true for. */
export interface KeptBody {
  /** The revisions it was made of. */
  readonly stamp: string
  readonly until: number | null
  readonly body: ReadyBody
}

/** Where compressed bodies outlive the process; what is not there any more is made again. */
export interface BodyStore {
  read(id: string): Promise<KeptBody | null>
  write(id: string, kept: KeptBody): Promise<void>
}

const NO_STORE: BodyStore = { read: async () => null, write: async () => {} }

/** Ready-to-send bodies: made once for each set of revisions, however many ask at once; the least used go first. */
export class PackumentBodies {
  readonly #store: BodyStore
  readonly #maxBytes: number
  readonly #kept = new Map<string, KeptBody>()
  readonly #making = new Map<string, Promise<ReadyBody>>()
  #bytes = 0

  constructor(store: BodyStore = NO_STORE, maxBytes = MAX_KEPT_BODY_BYTES) {
    this.#store = store
    this.#maxBytes = maxBytes
  }

  /** Bytes kept now. */
  get bytes(): number {
    return this.#bytes
  }

  /** The body for these revisions; `make` is called only when there is none, and its work is shared. */
  async get(key: BodyKey, stamp: string, now: number, make: () => MadeBody): Promise<ReadyBody> {
    const id = JSON.stringify([key.name, key.sourceKey, key.form, key.encoding, key.base])
    const kept = this.#kept.get(id)
    if (kept !== undefined && isTrueFor(kept, stamp, now)) {
      this.#kept.delete(id)
      this.#kept.set(id, kept)
      return kept.body
    }
    const work = `${stamp}\n${id}`
    const running = this.#making.get(work)
    if (running !== undefined) return await running
    const making = this.#bring(id, key.encoding, stamp, now, make).finally(() => this.#making.delete(work))
    this.#making.set(work, making)
    return await making
  }

  /** From the store, else made; plain bodies are asked for by people, not by installs, and are not stored. */
  async #bring(
    id: string,
    encoding: BodyEncoding,
    stamp: string,
    now: number,
    make: () => MadeBody,
  ): Promise<ReadyBody> {
    const stored = encoding === 'gzip' ? await this.#store.read(id) : null
    const isCurrent = stored !== null && isTrueFor(stored, stamp, now)
    const kept = isCurrent ? stored : await makeBody(stamp, encoding, make)
    this.#keep(id, kept)
    if (!isCurrent && encoding === 'gzip') void this.#store.write(id, kept)
    return kept.body
  }

  #keep(id: string, kept: KeptBody): void {
    this.#forget(id)
    if (kept.body.bytes.length > this.#maxBytes) return
    this.#kept.set(id, kept)
    this.#bytes += kept.body.bytes.length
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#maxBytes) return
      this.#forget(oldest)
    }
  }

  #forget(id: string): void {
    const kept = this.#kept.get(id)
    if (kept === undefined) return
    this.#kept.delete(id)
    this.#bytes -= kept.body.bytes.length
  }
}

const isTrueFor = (kept: KeptBody, stamp: string, now: number): boolean =>
  kept.stamp === stamp && (kept.until === null || now < kept.until)

async function makeBody(stamp: string, encoding: BodyEncoding, make: () => MadeBody): Promise<KeptBody> {
  const { document, picks, until } = make()
  const plain = Buffer.from(JSON.stringify(document))
  const digest = createHash('sha256').update(plain).digest('base64url').slice(0, 27)
  const bytes = encoding === 'gzip' ? await compress(plain) : plain
  return { stamp, until, body: { bytes, etag: `"${digest}${encoding === 'gzip' ? '-gz' : ''}"`, picks } }
}

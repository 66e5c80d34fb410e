import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { BodyStore, KeptBody } from './packument-bodies.ts'
import { withheldPickSchema } from './withheld-picks.ts'

/** Places for bodies of one size: a body's place follows from what it is, and a newer one there replaces it. */
interface Shelf {
  readonly prefix: string
  readonly places: number
  readonly maxBytes: number
}
/** Bounds the folder at 4 GiB. */
const USUAL: Shelf = { prefix: '', places: 16_384, maxBytes: 256 * 1024 }
/** Few are larger, and one made again after a start costs a tenth of a second or three. 2 GiB more. */
const LARGE: Shelf = { prefix: 'large-', places: 512, maxBytes: 4 * 2 ** 20 }
const NEWLINE = 0x0a

const header = z.strictObject({
  version: z.string(),
  id: z.string(),
  stamp: z.string(),
  until: z.number().nullable(),
  etag: z.string(),
  picks: z.array(withheldPickSchema),
  digest: z.string(),
})

/** Bodies on disk, so that a restarted node answers at once; what is damaged or of another program version is as if absent. */
export class BodyFiles implements BodyStore {
  readonly #folder: string
  readonly #version: string
  readonly #requireRoom: () => Promise<void>

  /** `requireRoom` throws while nothing new may be kept. */
  constructor(folder: string, version: string, requireRoom: () => Promise<void> = async () => {}) {
    this.#folder = folder
    this.#version = version
    this.#requireRoom = requireRoom
  }

  async read(id: string): Promise<KeptBody | null> {
    // One that has grown may have left an older body among the usual ones.
    return (await this.#readFrom(LARGE, id)) ?? (await this.#readFrom(USUAL, id))
  }

  async #readFrom(shelf: Shelf, id: string): Promise<KeptBody | null> {
    const file = await readFile(this.#pathOf(shelf, id)).catch(() => null)
    const end = file?.indexOf(NEWLINE) ?? -1
    if (file === null || end < 0) return null
    const parsed = header.safeParse(parseJson(file.subarray(0, end)))
    if (!parsed.success) return null
    const { version, stamp, until, etag, picks, digest, ...found } = parsed.data
    const bytes = file.subarray(end + 1)
    if (found.id !== id || version !== this.#version || digest !== digestOf(bytes)) return null
    return { stamp, until, body: { bytes, etag, picks } }
  }

  /** Without a disk to write to, bodies are made again after the next start; nothing else is lost. */
  async write(id: string, { stamp, until, body: { bytes, etag, picks } }: KeptBody): Promise<void> {
    if (bytes.length > LARGE.maxBytes) return
    const first = JSON.stringify({ version: this.#version, id, stamp, until, etag, picks, digest: digestOf(bytes) })
    const path = this.#pathOf(bytes.length > USUAL.maxBytes ? LARGE : USUAL, id)
    try {
      await this.#requireRoom()
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      await writeFile(`${path}.partial`, Buffer.concat([Buffer.from(`${first}\n`), bytes]), { mode: 0o600 })
      await rename(`${path}.partial`, path)
    } catch {
      // As the contract says.
    }
  }

  #pathOf({ prefix, places }: Shelf, id: string): string {
    const place = createHash('sha256').update(id).digest().readUInt32BE() % places
    return join(this.#folder, `${prefix}${place}`)
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return null
  }
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64url')

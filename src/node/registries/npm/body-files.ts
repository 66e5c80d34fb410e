import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { BodyStore, KeptBody } from './packument-bodies.ts'

/** Files at most: a body's place follows from what it is, and a newer one there replaces it. Bounds the folder at 4 GiB. */
const PLACES = 16_384
/** A larger body is made again after a start: few are, and one costs a tenth of a second. */
const MAX_FILE_BODY_BYTES = 256 * 1024
const NEWLINE = 0x0a

const header = z.strictObject({
  version: z.string(),
  id: z.string(),
  stamp: z.string(),
  until: z.number().nullable(),
  etag: z.string(),
  digest: z.string(),
})

/** Bodies on disk, so that a restarted node answers at once; what is damaged or of another program version is as if absent. */
export class BodyFiles implements BodyStore {
  readonly #folder: string
  readonly #version: string

  constructor(folder: string, version: string) {
    this.#folder = folder
    this.#version = version
  }

  async read(id: string): Promise<KeptBody | null> {
    const file = await readFile(this.#pathOf(id)).catch(() => null)
    const end = file?.indexOf(NEWLINE) ?? -1
    if (file === null || end < 0) return null
    const parsed = header.safeParse(parseJson(file.subarray(0, end)))
    if (!parsed.success) return null
    const { version, stamp, until, etag, digest, ...found } = parsed.data
    const bytes = file.subarray(end + 1)
    if (found.id !== id || version !== this.#version || digest !== digestOf(bytes)) return null
    return { stamp, until, body: { bytes, etag } }
  }

  /** Without a disk to write to, bodies are made again after the next start; nothing else is lost. */
  async write(id: string, { stamp, until, body: { bytes, etag } }: KeptBody): Promise<void> {
    if (bytes.length > MAX_FILE_BODY_BYTES) return
    const first = JSON.stringify({ version: this.#version, id, stamp, until, etag, digest: digestOf(bytes) })
    const path = this.#pathOf(id)
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      await writeFile(`${path}.partial`, Buffer.concat([Buffer.from(`${first}\n`), bytes]), { mode: 0o600 })
      await rename(`${path}.partial`, path)
    } catch {
      // As the contract says.
    }
  }

  #pathOf(id: string): string {
    const place = createHash('sha256').update(id).digest().readUInt32BE() % PLACES
    return join(this.#folder, String(place))
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

import { createHash } from 'node:crypto'
import type { FileSink } from './entry.ts'
import { quoted, refuse } from './refusal.ts'

/** Keeps the bytes of the few files that readers need, and digests of all where asked. */
export class CapturedFiles {
  readonly #chunks = new Map<string, Uint8Array[]>()
  readonly #digests = new Map<string, () => string>()
  readonly #boundOf: (path: string) => number
  readonly #hashing: boolean

  /** `boundOf` gives the bytes a file may have to be kept, 0 for one that is not wanted. */
  constructor(boundOf: (path: string) => number, hashing: boolean) {
    this.#boundOf = boundOf
    this.#hashing = hashing
  }

  /** The sink of one file; refuses E_ARCHIVE_MANIFEST when a wanted file is over its bound. */
  open(path: string): FileSink {
    const bound = this.#boundOf(path)
    if (bound === 0) return this.#hasher(path)
    const chunks: Uint8Array[] = []
    this.#chunks.set(path, chunks)
    const hash = this.#hasher(path)
    let bytes = 0
    return chunk => {
      bytes += chunk.length
      if (bytes > bound) refuse('E_ARCHIVE_MANIFEST', `${quoted(path)} has more than ${bound} bytes`)
      chunks.push(Uint8Array.from(chunk))
      hash(chunk)
    }
  }

  /** Bytes of a wanted file; refuses E_ARCHIVE_MANIFEST when it is not there. */
  bytesOf(path: string): Buffer {
    const chunks = this.#chunks.get(path)
    return chunks === undefined ? refuse('E_ARCHIVE_MANIFEST', `there is no ${quoted(path)}`) : Buffer.concat(chunks)
  }

  /** sha-256 of a file as base64url without padding, undefined for one that is not there. */
  digestOf(path: string): string | undefined {
    return this.#digests.get(path)?.()
  }

  #hasher(path: string): FileSink {
    if (!this.#hashing) return () => {}
    const hash = createHash('sha256')
    this.#digests.set(path, () => hash.copy().digest('base64url'))
    return chunk => void hash.update(chunk)
  }
}

import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeErrorOf } from '../../storage/index.ts'
import { SPOOL_MEMORY_BYTES, SPOOL_READ_BYTES } from './limits.ts'

/**
 * Bytes on their way from one writer to any number of readers, each at its own pace and from the beginning. The chunk that
 * came last is held back until the writer says that the whole is right. Small ones stay in memory; a large one moves to a
 * file that has no name any more, so that nothing is left of it after a crash.
 */
export class TarballSpool implements AsyncDisposable {
  readonly #folder: string
  #chunks: Uint8Array[] = []
  #file: FileHandle | null = null
  /** Bytes written, and those of them that readers may have. */
  #written = 0
  #readable = 0
  #end: { readonly error: unknown } | 'whole' | null = null
  #changed = Promise.withResolvers<void>()
  #readers = 0
  #writerGone = false
  #closed = false

  /** `folder` is where a large one's file lives. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** Adds bytes and lets go of those before them. */
  async push(chunk: Uint8Array): Promise<void> {
    if (chunk.length === 0) return
    const before = this.#written
    if (this.#file === null && before + chunk.length <= SPOOL_MEMORY_BYTES) this.#chunks.push(chunk)
    else await this.#append(chunk).catch(toWriteError)
    this.#written = before + chunk.length
    this.#readable = before
    this.#notify()
  }

  /** All bytes came and are right. */
  finish(): void {
    this.#readable = this.#written
    this.#end = 'whole'
    this.#notify()
  }

  /** Readers get this error instead of the rest. */
  fail(error: unknown): void {
    this.#end = { error }
    this.#notify()
  }

  /** Whether this is the error that readers got. */
  failedWith(error: unknown): boolean {
    return this.#end !== null && this.#end !== 'whole' && this.#end.error === error
  }

  /** A reader of all bytes from the beginning, as they become readable; null when they are gone already. */
  reader(): SpoolReader | null {
    if (this.#closed) return null
    this.#readers++
    return new SpoolReader(
      at => this.#next(at),
      () => {
        this.#readers--
        return this.#closeIfUnused()
      },
    )
  }

  /** The writer is done; the bytes go when the last reader has. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#end === null) this.fail(new Error('the download ended without a word'))
    this.#writerGone = true
    await this.#closeIfUnused()
  }

  /** The bytes at `at`, null at the end. */
  async #next(at: number): Promise<Uint8Array | null> {
    while (at >= this.#readable) {
      if (this.#end === 'whole') return null
      if (this.#end !== null) throw this.#end.error
      await this.#changed.promise
    }
    return this.#file === null ? this.#fromMemory(at) : await this.#fromFile(this.#file, at)
  }

  #fromMemory(at: number): Uint8Array {
    let start = 0
    for (const chunk of this.#chunks) {
      if (at < start + chunk.length) return chunk.subarray(at - start)
      start += chunk.length
    }
    throw new TypeError('read behind the bytes that are readable')
  }

  async #fromFile(file: FileHandle, at: number): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafe(Math.min(SPOOL_READ_BYTES, this.#readable - at))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
    if (bytesRead === 0) throw new TypeError('read behind the bytes that are readable')
    return buffer.subarray(0, bytesRead)
  }

  async #append(chunk: Uint8Array): Promise<void> {
    // Without a position `writeFile` goes on where it ended; readers name theirs.
    if (this.#file !== null) return await this.#file.writeFile(chunk)
    const file = await openNameless(this.#folder)
    try {
      await file.writeFile(Buffer.concat([...this.#chunks, chunk]))
    } catch (error) {
      await file.close()
      throw error
    }
    this.#file = file
    this.#chunks = []
  }

  #notify(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers<void>()
  }

  async #closeIfUnused(): Promise<void> {
    if (!this.#writerGone || this.#readers > 0 || this.#closed) return
    this.#closed = true
    await this.#file?.close()
  }
}

/** One reader's place in a spool. Read it to its end or return it: it keeps the bytes. */
class SpoolReader implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #next: (at: number) => Promise<Uint8Array | null>
  readonly #release: () => Promise<void>
  #at = 0
  #over = false

  constructor(next: (at: number) => Promise<Uint8Array | null>, release: () => Promise<void>) {
    this.#next = next
    this.#release = release
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#over) return { done: true, value: undefined }
    try {
      const value = await this.#next(this.#at)
      if (value === null) return await this.return()
      this.#at += value.length
      return { done: false, value }
    } catch (error) {
      await this.return()
      throw error
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.#over) {
      this.#over = true
      await this.#release()
    }
    return { done: true, value: undefined }
  }
}

function toWriteError(error: unknown): never {
  throw writeErrorOf(error, 'the tarball on its way')
}

async function openNameless(folder: string): Promise<FileHandle> {
  const path = join(folder, `spool-${randomUUID()}`)
  const file = await open(path, 'wx+', 0o600)
  await rm(path, { force: true })
  return file
}

import { createInflateRaw, type InflateRaw } from 'node:zlib'
import type { ByteSource } from './byte-source.ts'
import { Refusal } from './refusal.ts'

/** Bytes of one output chunk: with backpressure, what a bomb can put into memory at once. */
const CHUNK_BYTES = 64 * 1024

/** Inflates one raw deflate stream (RFC 1951) and gives the bytes after it back to `source`; refuses E_ARCHIVE_COMPRESSION. */
export async function* inflateRaw(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  const engine = createInflateRaw({ chunkSize: CHUNK_BYTES })
  const ended = new Promise<'ended'>(resolve => {
    engine.once('end', () => resolve('ended'))
    engine.once('close', () => resolve('ended'))
    engine.once('error', () => resolve('ended'))
  })
  const feeding = feed(source, engine, ended)
  feeding.catch(error => engine.destroy(error))
  try {
    for await (const chunk of engine) yield chunk
  } catch (error) {
    throw compressionRefusal(error) ?? error
  } finally {
    engine.destroy()
  }
  const { fed, last } = await feeding
  source.unread(last.subarray(last.length - (fed - engine.bytesWritten)))
}

/** Writes chunk after chunk until the engine has seen the end of its stream, so that at most one chunk is in flight. */
async function feed(source: ByteSource, engine: InflateRaw, ended: Promise<'ended'>) {
  let fed = 0
  for (;;) {
    const last = await source.pull()
    if (last === undefined) {
      engine.end()
      return { fed, last: new Uint8Array() }
    }
    fed += last.length
    const written = new Promise<'written'>(resolve => engine.write(last, () => resolve('written')))
    // Bytes that a written chunk leaves unused are behind the end of the stream.
    if ((await Promise.race([written, ended])) === 'ended' || engine.bytesWritten < fed) return { fed, last }
  }
}

function compressionRefusal(error: unknown): Refusal | undefined {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'Z_BUF_ERROR') return new Refusal('E_ARCHIVE_TRUNCATED', 'the compressed data ends too early')
  if (code.startsWith('Z_')) return new Refusal('E_ARCHIVE_COMPRESSION', 'the compressed data is broken')
  return undefined
}

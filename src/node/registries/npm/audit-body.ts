import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { NodeError } from '../../errors.ts'

/** Bytes of a question as sent: that of five thousand packages has about 100 kB before it is compressed. */
const MAX_SENT_BYTES = 1024 * 1024
/** Bytes of a question unpacked. */
const MAX_QUESTION_BYTES = 4 * 1024 * 1024
const unzip = promisify(gunzip)

/** Reads what a client asks about its packages, compressed or not. @throws NodeError E_TOO_LARGE, E_USAGE */
export async function readAuditBody(body: Readable, encoding = 'identity'): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  // A refusal must still be read by the client, so the request is left open here and closed after the answer.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > MAX_SENT_BYTES) throw tooLarge()
    chunks.push(chunk)
  }
  const bytes = await unpacked(Buffer.concat(chunks), encoding)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new NodeError('E_USAGE', 'the body is not JSON', { cause })
  }
}

async function unpacked(bytes: Buffer, encoding: string): Promise<Buffer> {
  if (encoding === 'identity') return bytes
  if (encoding !== 'gzip') throw new NodeError('E_USAGE', 'the body is encoded in another way than gzip')
  try {
    return await unzip(bytes, { maxOutputLength: MAX_QUESTION_BYTES })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw new NodeError('E_USAGE', 'the body is not gzip', { cause })
  }
}

export const tooLarge = () =>
  new NodeError('E_TOO_LARGE', 'the question about advisories is larger than this node reads')

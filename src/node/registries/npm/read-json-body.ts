import type { Readable } from 'node:stream'
import { NodeError } from '../../errors.ts'

/** Reads a small JSON body whole. @throws NodeError E_TOO_LARGE, E_USAGE */
export async function readJsonBody(body: Readable, maxBytes: number): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  // A refusal must still be read by the client, so the request is left open here and closed after the answer.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > maxBytes) throw new NodeError('E_TOO_LARGE', `the body has more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)))
  } catch (cause) {
    throw new NodeError('E_USAGE', 'the body is not JSON', { cause })
  }
}

import * as z from 'zod'
import { ProtocolError } from '../errors.ts'
import type { BlockId, PublisherId, ReleaseName } from '../ids.ts'
import { MAX_PURL_BYTES } from '../limits.ts'
import { parseBody } from './body.ts'

const cidText = z.string().regex(/^b[a-z2-7]{30,120}$/)
/** A publisher id as it travels. */
export const publisherField = cidText.transform(text => text as PublisherId)
/** A block id as it travels. */
export const blockField = cidText.transform(text => text as BlockId)
/** A release's purl as it travels, as long as records may have it; what it names is checked against the signed record. */
export const releaseField = z
  .string()
  .max(MAX_PURL_BYTES)
  .startsWith('pkg:')
  .transform(text => text as ReleaseName)
/** Bytes of bounded length as they travel. */
export const bytesField = (maxBytes: number) =>
  z.custom<Uint8Array>(value => value instanceof Uint8Array && value.byteLength <= maxBytes)

/** A wire message parsed by its schema; unknown fields are dropped. Throws `E_MESSAGE`. */
export function parseMessage<S extends z.ZodType>(
  name: string,
  schema: S,
  bytes: Uint8Array,
  maxBytes: number,
): z.output<S> {
  if (bytes.byteLength > maxBytes) {
    throw new ProtocolError('E_MESSAGE', `${name} of ${bytes.byteLength} bytes, at most ${maxBytes}`)
  }
  const parsed = schema.safeParse(parseBody(bytes))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new ProtocolError('E_MESSAGE', `${name}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'does not fit'}`)
}

import { open } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { z } from 'zod'
import { NodeError } from '../../errors.ts'
import { AttachmentSplitter } from './attachment-splitter.ts'
import { Base64Decoder } from './base64-decoder.ts'

/** The document without its tarball; a deprecation sends the whole packument, here of about 2,000 versions. */
const MAX_DOCUMENT_BYTES = 4 * 2 ** 20

const publishDocument = z.looseObject({
  name: z.string().max(214),
  'dist-tags': z.record(z.string().max(128), z.string().max(256)).default({}),
  versions: z.record(z.string(), z.looseObject({ deprecated: z.unknown().optional() })).default({}),
  _attachments: z.record(z.string(), z.unknown()).default({}),
})

/** What `npm publish` and `npm deprecate` send. */
export type PublishDocument = z.output<typeof publishDocument>

export interface PublishBody {
  readonly document: PublishDocument
  /** Whether a tarball came and lies at the path given. */
  readonly hasTarball: boolean
}

/**
 * Reads npm's document from a request; the tarball inside goes to `path` as it comes and is never held.
 * @throws NodeError E_TOO_LARGE, E_USAGE
 */
export async function readPublishBody(body: Readable, path: string, maxTarballBytes: number): Promise<PublishBody> {
  // What could not be taken is not waited for.
  const maxBytes = MAX_DOCUMENT_BYTES + 4 * Math.ceil(maxTarballBytes / 3)
  if (declaredBytesOf(body) > maxBytes) throw tooLarge('the tarball', maxTarballBytes)
  const splitter = new AttachmentSplitter()
  const decoder = new Base64Decoder()
  const document: Buffer[] = []
  let [documentBytes, tarballBytes] = [0, 0]
  await using file = await open(path, 'wx', 0o600)
  // A refusal must still be read by the client, so the request is left open here and closed after the answer.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    for (const piece of cut(splitter, chunk)) {
      if (piece.is === 'rest') {
        documentBytes += piece.bytes.length
        if (documentBytes > MAX_DOCUMENT_BYTES) throw tooLarge('the document', MAX_DOCUMENT_BYTES)
        document.push(Buffer.from(piece.bytes))
        continue
      }
      if (splitter.attachments > 1) throw notOne()
      const bytes = decoder.push(piece.bytes)
      if (bytes === null) throw malformed('the attachment is not base64')
      tarballBytes += bytes.length
      if (tarballBytes > maxTarballBytes) throw tooLarge('the tarball', maxTarballBytes)
      await file.writeFile(bytes)
    }
  }
  if (!decoder.isWhole) throw malformed('the attachment is cut short')
  return bodyOf(parse(Buffer.concat(document)), splitter.attachments)
}

/** What a request says that its body has; 0 when it does not say. */
function declaredBytesOf(body: Readable & Partial<Pick<IncomingMessage, 'headers'>>): number {
  return Number(body.headers?.['content-length'] ?? 0)
}

function* cut(splitter: AttachmentSplitter, chunk: Uint8Array) {
  try {
    yield* splitter.push(chunk)
  } catch (cause) {
    if (cause instanceof RangeError) throw malformed('the document is nested too deep')
    throw cause
  }
}

function parse(bytes: Buffer): PublishDocument {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw malformed('the body is not JSON')
  }
  const parsed = publishDocument.safeParse(value)
  if (parsed.success) return parsed.data
  throw malformed(`${parsed.error.issues[0]?.path.join('.') ?? 'the body'} is not what npm sends`)
}

function bodyOf(document: PublishDocument, attachments: number): PublishBody {
  const named = Object.keys(document._attachments).length
  if (named > 1 || named !== attachments) throw notOne()
  return { document, hasTarball: attachments === 1 }
}

const malformed = (why: string) => new NodeError('E_USAGE', `not a publish of npm: ${why}`)

const notOne = () =>
  new NodeError('E_USAGE', 'a publish carries exactly one attachment, the tarball', {
    hint: 'publish without --provenance: this node signs the release itself',
  })

const tooLarge = (what: string, bytes: number) =>
  new NodeError('E_TOO_LARGE', `${what} is larger than ${bytes} bytes`, { hint: 'limits.artifactBytes in config.yaml' })

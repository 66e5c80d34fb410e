import { Readable } from 'node:stream'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { PublicBytes } from '../use-cases/public-bytes.ts'
import { byteRangeOf, sliceOf } from './byte-range.ts'
import type { HttpGuard } from './http-guard.ts'
import type { NodeServices } from './services.ts'

export interface PublicBytesParts {
  readonly bytes: NodeServices['publicBytes']
  readonly guard: HttpGuard
  /** Without it these routes need what every reading needs. */
  readonly isOpen: boolean
}

/** A name of these routes is a digest: whoever has the answer once never needs to ask again. */
const FOREVER = 'max-age=31536000, immutable'
/** Of a block, as trustless gateways answer (IPFS specification, trustless-gateway, `format=raw`). */
const RAW_BLOCK = 'application/vnd.ipld.raw'

/** Public bytes under names that never change, for caches in front: `/artifacts/sha256/HEX`, `/ipfs/CID`, `/ipfs/CID?format=raw`. */
export function publicBytesRoutes({ bytes, guard, isOpen }: PublicBytesParts): FastifyPluginAsync {
  return async server => {
    server.addHook('onRequest', async (request, reply) => {
      // What is refused, or not here now, is asked again.
      reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff')
      if (!isOpen) guard.require('read', request)
    })
    // Where a token is asked for, no cache that others share may answer without one.
    const keep = `${isOpen ? 'public' : 'private'}, ${FOREVER}`
    const method = ['GET', 'HEAD']
    server.route<{ Params: { sha256: string } }>({
      method,
      url: '/artifacts/sha256/:sha256([0-9a-f]{64})',
      handler: async (request, reply) =>
        await send(request, reply, await bytes.artifact(request.params.sha256), 'application/octet-stream', keep),
    })
    server.route<{ Params: { cid: string } }>({
      method,
      url: '/ipfs/:cid',
      handler: async (request, reply) => {
        const { cid } = request.params
        reply.header('vary', 'accept')
        if (!wantsBlock(request))
          return await send(request, reply, await bytes.whole(cid), 'application/octet-stream', keep)
        return await send(request, reply, await bytes.block(cid), RAW_BLOCK, keep)
      },
    })
  }
}

function wantsBlock({ query, headers }: FastifyRequest): boolean {
  const { format } = query as { format?: unknown }
  return format === undefined ? headers.accept?.includes(RAW_BLOCK) === true : format === 'raw'
}

async function send(request: FastifyRequest, reply: FastifyReply, found: PublicBytes, type: string, keep: string) {
  const { id, size } = found
  const etag = `"${id}"`
  const headers = { 'cache-control': keep, etag, 'accept-ranges': 'bytes', 'content-type': type }
  if (isKnown(request.headers['if-none-match'], etag)) return reply.status(304).headers(headers).send()
  const range = byteRangeOf(rangeFor(request, etag), size)
  if (range.is === 'outside') return reply.status(416).header('content-range', `bytes */${size}`).send()
  const { start, end } = range.is === 'part' ? range : { start: 0, end: size }
  const bytes = request.method === 'HEAD' ? null : await found.open(start)
  if (range.is === 'part') reply.status(206).header('content-range', `bytes ${start}-${end - 1}/${size}`)
  reply.headers({ ...headers, 'content-length': end - start })
  return reply.send(bytes === null ? undefined : Readable.from(sliceOf(bytes, 0, end - start), { objectMode: false }))
}

/** Whether the client has it (RFC 9110, 13.1.2). */
function isKnown(header: string | undefined, etag: string): boolean {
  const known = header?.split(',').map(each => each.trim().replace(/^W\//, '')) ?? []
  return known.includes('*') || known.includes(etag)
}

/** A part is asked for by GET alone, and only of what the client has a part of (RFC 9110, 13.1.5 and 14.2). */
function rangeFor({ headers, method }: FastifyRequest, etag: string): string | undefined {
  if (method === 'HEAD') return undefined
  const condition = headers['if-range']
  return condition === undefined || condition === etag ? headers.range : undefined
}

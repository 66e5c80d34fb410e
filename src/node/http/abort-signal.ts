import type { FastifyReply, FastifyRequest } from 'fastify'
import { NodeError } from '../errors.ts'

/** Aborts when the client of a request goes away before it has the whole answer. */
export function abortSignalOf(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableEnded) controller.abort(new NodeError('E_ABORTED', 'the client went away'))
  })
  request.raw.once('error', error => controller.abort(error))
  return controller.signal
}

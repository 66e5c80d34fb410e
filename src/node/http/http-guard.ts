import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { isLoopback } from './host-guard.ts'

/** Who may do what over HTTP: reading is open to this machine, writing needs the node's token. */
export interface HttpGuard {
  mayRead(request: FastifyRequest): boolean
  mayWrite(request: FastifyRequest): boolean
  isToken(text: string): boolean
}

/** The guard of a server bound to `host`. */
export function httpGuardOf(host: string, token: string): HttpGuard {
  const expected = digestOf(token)
  const isToken = (text: string) => timingSafeEqual(digestOf(text), expected)
  const mayWrite = ({ headers }: FastifyRequest) => isToken(headers.authorization?.match(/^Bearer (.+)$/i)?.[1] ?? '')
  return { isToken, mayWrite, mayRead: request => isLoopback(host) || mayWrite(request) }
}

const digestOf = (text: string) => createHash('sha256').update(text).digest()

import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { isLoopback, isLoopbackHost } from './host-guard.ts'

/** What proxies add to what they pass on. */
const FORWARDING = /^(forwarded|x-forwarded-.*|x-real-ip|via)$/
const LOOPBACK_PEER = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/

/** Who may do what over HTTP: reading is open to this machine, writing needs the node's token. */
export interface HttpGuard {
  mayRead(request: FastifyRequest): boolean
  mayWrite(request: FastifyRequest): boolean
  isToken(text: string): boolean
}

/** Where a server is reached. */
export interface GuardedServer {
  /** What it is bound to. */
  readonly host: string
  readonly publicUrl: string | null
  readonly token: string
}

/**
 * The guard of a server. A proxy on this machine has a loopback address too and need not name itself: a server with a
 * public address therefore takes nobody for its own machine.
 */
export function httpGuardOf({ host, publicUrl, token }: GuardedServer): HttpGuard {
  const isOpen = isLoopback(host) && (publicUrl === null || isLoopbackHost(new URL(publicUrl).hostname))
  const expected = digestOf(token)
  const isToken = (text: string) => timingSafeEqual(digestOf(text), expected)
  const mayWrite = ({ headers }: FastifyRequest) => isToken(headers.authorization?.match(/^Bearer (.+)$/i)?.[1] ?? '')
  return { isToken, mayWrite, mayRead: request => (isOpen && isOfThisMachine(request)) || mayWrite(request) }
}

function isOfThisMachine({ headers, socket }: FastifyRequest): boolean {
  if (!LOOPBACK_PEER.test(socket.remoteAddress ?? '') || !isLoopbackHost(headers.host)) return false
  return !Object.keys(headers).some(name => FORWARDING.test(name))
}

const digestOf = (text: string) => createHash('sha256').update(text).digest()

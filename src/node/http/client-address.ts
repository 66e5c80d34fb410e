import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { isLoopbackHost } from './host-guard.ts'
import type { TrustedProxies } from './trusted-proxies.ts'

/** What the guard reads of a request; `ip`, `host` and `protocol` are what trusted proxies say, else the connection's own. */
export type GuardedRequest = Pick<FastifyRequest, 'headers' | 'method' | 'socket' | 'ip' | 'host' | 'protocol'>

/** What proxies add to what they pass on. */
const FORWARDING = /^(forwarded|x-forwarded-.*|x-real-ip|via)$/
const LOOPBACK = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/

/** Whether an address is of this machine itself. */
export const isLoopbackAddress = (address: string | undefined): boolean => LOOPBACK.test(address ?? '')

/** The client's address as people read it: one for all of this machine's, `unknown` for what is none. */
export function clientAddressOf({ ip }: Pick<GuardedRequest, 'ip'>): string {
  if (isLoopbackAddress(ip)) return '127.0.0.1'
  const address = (ip ?? '').replace(/^::ffff:(?=\d+\.)/, '')
  return isIP(address) === 0 ? 'unknown' : address
}

/**
 * Whether the client itself runs on this machine. A proxy here has a loopback address too: what it passes on counts only
 * when it is trusted and says for whom it asks.
 */
export function isOfThisMachine(request: GuardedRequest, proxies: TrustedProxies): boolean {
  if (!isLoopbackAddress(request.ip) || !isLoopbackHost(request.host)) return false
  if (!Object.keys(request.headers).some(name => FORWARDING.test(name))) return true
  return proxies.trusts(request.socket?.remoteAddress ?? '') && Boolean(request.headers['x-forwarded-for'])
}

/** Whether what the client sent was in the clear on a network: not TLS at a trusted proxy, and not on this machine alone. */
export function isInTheClear({ ip, protocol, socket }: Pick<GuardedRequest, 'ip' | 'protocol' | 'socket'>): boolean {
  return protocol !== 'https' && !isLoopbackAddress(ip) && !isFromItself(ip, socket)
}

/** Whether a machine asks itself at the address that it has for others: that goes over no network either. */
function isFromItself(ip: string, socket: GuardedRequest['socket'] | undefined): boolean {
  return (
    socket?.localAddress !== undefined && socket.remoteAddress === socket.localAddress && ip === socket.remoteAddress
  )
}

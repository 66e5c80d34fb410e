const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether a server bound here is reached from this machine alone; reads then need no token. */
export const isLoopback = (host: string): boolean => host === '127.0.0.1' || host === '::1' || host === 'localhost'

/** Whether a Host header names this machine itself. */
export const isLoopbackHost = (header: string | undefined): boolean =>
  header !== undefined && LOOPBACK.has(header.replace(/:\d+$/, '').toLowerCase())

/**
 * Whether a Host header may reach this node. A page elsewhere can point its own name at a loopback address
 * (DNS rebinding); on loopback therefore only loopback names and the configured public name are answered.
 */
export function isHostAllowed(header: string | undefined, boundTo: string, publicUrl: string | null): boolean {
  if (header === undefined) return false
  const name = header.replace(/:\d+$/, '').toLowerCase()
  if (publicUrl !== null && name === new URL(publicUrl).hostname.toLowerCase()) return true
  return !isLoopback(boundTo) || LOOPBACK.has(name)
}

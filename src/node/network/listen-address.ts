import { createServer } from 'node:net'
import { NodeError } from '../errors.ts'

/** Whether nothing on this machine listens there. */
async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<boolean>()
  server.once('error', () => resolve(false))
  server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  return await promise
}

/**
 * The addresses to listen at. A taken port is replaced by any free one when nobody asked for it (`isDefault`), so that a
 * second node of a machine starts; one that was asked for is an error. @throws NodeError E_LISTEN
 */
export async function listenAddressesOf(addresses: readonly string[], isDefault: boolean): Promise<readonly string[]> {
  return await Promise.all(
    addresses.map(async address => {
      const [, family, host, tcp, port] = address.split('/')
      if (tcp !== 'tcp' || port === '0' || (family !== 'ip4' && family !== 'ip6')) return address
      if (await isFree(host ?? '', Number(port))) return address
      if (isDefault) return `/${family}/${host}/tcp/0`
      throw new NodeError('E_LISTEN', `${address} is taken or not an address of this machine`, {
        hint: '--listen /ip4/0.0.0.0/tcp/0 takes any free port',
      })
    }),
  )
}

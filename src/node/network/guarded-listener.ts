import { setImmediate as nextTurn } from 'node:timers/promises'
import type { MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface'
import { siteOfAddress } from './address-group.ts'
import type { AddressLimits } from './address-limits.ts'
import type { InboundDoor, Leave } from './inbound-door.ts'

/** Bytes that may come before a handshake is done: its two long messages have 65,537 at most, and what follows is not waited for. */
export const MAX_HANDSHAKE_BYTES = 256 << 10

/** How a connection of `@libp2p/utils` is handed what came. */
interface Receiving {
  onData(data: { readonly byteLength: number }): void
}

/** What stands before the handshake of who comes in. */
export interface Guard {
  readonly door: InboundDoor
  /** How many may come from one address; absent: any number. */
  readonly limits?: AddressLimits | undefined
}

/** A transport whose inbound connections pass the guard before their handshake. */
export function guarded<Components>(
  transportOf: (components: Components) => Transport,
  guard: Guard,
): (components: Components) => Transport {
  return components => {
    const transport = transportOf(components)
    const listen = transport.createListener.bind(transport)
    transport.createListener = ({ upgrader, ...options }) =>
      listen({ ...options, upgrader: guardedUpgrader(upgrader, guard) })
    return transport
  }
}

function guardedUpgrader(upgrader: Upgrader, guard: Guard): Upgrader {
  const upgradeInbound: Upgrader['upgradeInbound'] = async (connection, options) => {
    const address = connection.remoteAddr.toString()
    const site = siteOfAddress(address) ?? address.split('/')[2] ?? ''
    connection.pause()
    const leave = await admitted(connection, site, guard, options.signal)
    if (leave === null) throw new Error('too many connections come in')
    const unbound = bindBytes(connection)
    const end = upgrader.upgradeInbound(connection, options).then(
      () => {
        unbound()
        leave('done')
        return null
      },
      (failure: Error) => {
        leave(isDenial(failure) ? 'done' : 'failed') // who is denied waits here in any case
        return failure
      },
    )
    // What libp2p's own limits refuse, which they do at once, stays unread.
    const refusal = await Promise.race([end, nextTurn(null)])
    if (refusal !== null && isDenial(refusal)) await guard.door.hold(site, options.signal)
    else if (connection.status === 'open') connection.resume()
    const error = await end
    if (error !== null) throw error
  }
  return Object.assign(Object.create(upgrader) as Upgrader, { upgradeInbound })
}

/** Ends a connection that sends more than a handshake has, until the answer is called. */
function bindBytes(connection: MultiaddrConnection): () => void {
  const receiving = connection as unknown as Receiving
  const { onData } = receiving
  let bytes = 0
  receiving.onData = data => {
    bytes += data.byteLength
    if (bytes > MAX_HANDSHAKE_BYTES) connection.abort(new Error('more came than a handshake has'))
    else onData.call(connection, data)
  }
  return () => {
    receiving.onData = onData
  }
}

const isDenial = ({ name }: Error): boolean => name === 'ConnectionDeniedError'

/** Waits until the handshake may begin; null: it may not. */
async function admitted(
  connection: MultiaddrConnection,
  site: string,
  { door, limits }: Guard,
  signal: AbortSignal,
): Promise<Leave | null> {
  const uncount = limits === undefined ? () => {} : limits.enter(connection.remoteAddr.toString())
  if (uncount === null) {
    await door.hold(site, signal)
    return null
  }
  connection.addEventListener('close', uncount, { once: true })
  return await door.enter(site, signal)
}

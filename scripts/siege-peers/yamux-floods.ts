import type { Connection, MessageStream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Network } from '../../src/node/network/network.ts'
import { DeafLine } from './deaf-line.ts'
import type { Flood } from './floods.ts'

const [DATA, PING] = [0, 2]
const SYN = 1
const NOBODYS_STREAM = 99
const PINGS = 5_000
const MIB = 1 << 20

/** A frame of data that says it is as long as one can be, and as much of it as is taken. */
export const endlessFrame: Flood = async (peer, { address }, count, signal) => {
  const line = await lineTo(peer, address)
  await pour(line, frame(DATA, 0, NOBODYS_STREAM, 0xffff_ffff), signal)
  for (const piece = Buffer.alloc(60_000); ; count()) await pour(line, piece, signal)
}

/** Pings whose answers stay in the node's sockets. */
export const unreadPings: Flood = async (peer, { address }, count, signal) => {
  await using deaf = await DeafLine.to(address)
  const line = await lineTo(peer, deaf.address)
  deaf.stopHearing()
  const pings = Buffer.concat(Array.from({ length: PINGS }, (_, i) => frame(PING, SYN, 0, i)))
  for (;;) {
    await pour(line, pings, signal)
    count(PINGS)
  }
}

/** What lies below the peer's own muxer. */
async function lineTo(peer: Network, address: string): Promise<MessageStream> {
  const connection = await peer.dial(multiaddr(address), { signal: AbortSignal.timeout(5_000) })
  return (connection as Connection & { readonly muxer: { readonly maConn: MessageStream } }).muxer.maConn
}

/** Sends as fast as the line takes it. @throws when it is closed, or the flood is over */
async function pour(line: MessageStream, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  line.send(bytes)
  do {
    signal.throwIfAborted()
    await new Promise(resolve => setImmediate(resolve))
  } while (line.status === 'open' && line.writeBufferLength > MIB)
}

function frame(type: number, flag: number, streamID: number, length: number): Buffer {
  const header = Buffer.alloc(12)
  header[1] = type
  header.writeUInt16BE(flag, 2)
  header.writeUInt32BE(streamID, 4)
  header.writeUInt32BE(length, 8)
  return header
}

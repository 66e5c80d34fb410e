import net from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { startBenchNode } from './bench-node.ts'
import { bitswap } from './bitswap-contender.ts'
import type { Contender } from './contender.ts'
import type { Piece } from './corpus.ts'
import { counted, hanseInMemory, streamsOver } from './hanse-contender.ts'
import { startServer } from './server.ts'
import { ALL_SIZES, SINGLES } from './sizes.ts'

const ROUNDS = 1

/** Lines that say how many bytes arrived for the largest artifact while `mirrors` nodes had it. */
export async function receivedFromMirrors(mirrors: number, corpus: readonly Piece[]): Promise<string[]> {
  const sockets = watchSockets()
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startServer(mirrors, SINGLES.length))
  const node = stack.use(await startBenchNode(0))
  for (const { addresses } of server.peers) await node.libp2p.dial(addresses.map(each => multiaddr(each)))
  const streams = stack.use(streamsOver(node.libp2p))
  let messageBytes = 0
  const counting = counted(streams, bytes => {
    messageBytes += bytes
  })
  const largest = corpus.filter(({ index }) => index === SINGLES.length - 1)
  const needed = ALL_SIZES[SINGLES.length - 1] ?? 0
  const peers = server.peers.map(({ peer }) => peer)
  const lines: string[] = []
  const contenders: Contender[] = [hanseInMemory(counting, peers), await bitswap(server)]
  for (const contender of contenders) stack.use(contender)
  for (const contender of contenders) {
    messageBytes = 0
    const began = sockets.bytes()
    const perSocket = sockets.each()
    for (let round = 0; round < ROUNDS; round++) {
      for (const piece of largest) await contender.fetch(piece)
      await contender.forget?.(largest)
    }
    const share = (bytes: number) => (bytes / needed / ROUNDS).toFixed(3)
    const shares = sockets
      .each()
      .map((bytes, at) => share(bytes - (perSocket[at] ?? 0)))
      .filter(each => each !== '0.000')
    const messages = messageBytes === 0 ? '' : `, content messages ${share(messageBytes)}`
    lines.push(
      `${contender.name.padEnd(10)} sockets ${share(sockets.bytes() - began)}${messages}; by connection ${shares.join(' ')}`,
    )
  }
  return lines
}

/** Counts what arrives on the sockets that are opened from now on. */
function watchSockets() {
  const opened: net.Socket[] = []
  const connect = net.connect.bind(net) as (...args: unknown[]) => net.Socket
  const watched = (...args: unknown[]) => {
    const socket = connect(...args)
    opened.push(socket)
    return socket
  }
  net.connect = watched as typeof net.connect
  const each = () => opened.map(({ bytesRead }) => bytesRead)
  return { each, bytes: () => each().reduce((sum, bytes) => sum + bytes, 0) }
}

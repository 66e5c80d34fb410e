import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { importPeer } from '../search-engines/peer-package.ts'
import type { Contender } from './contender.ts'
import { readEnvelopes } from './made-feeds.ts'

/** What is used of hypercore. */
interface Hypercore {
  readonly key: Buffer
  readonly length: number
  readonly contiguousLength: number
  ready(): Promise<void>
  append(blocks: readonly Uint8Array[]): Promise<unknown>
  replicate(isInitiator: boolean): Duplex
  update(options: { readonly wait: boolean }): Promise<boolean>
  download(range: { readonly start: number; readonly end: number }): { done(): Promise<unknown> }
  close(): Promise<void>
}
interface HypercoreModule {
  readonly default: new (folder: string, key?: Buffer) => Hypercore
}

const BATCH = 1_000

/** One core with one block for each record, over its own encrypted replication on a TCP connection, stored in its own RocksDB. */
export const hypercoreContender: Contender = {
  async serve(file, { folder, packages }) {
    const { default: Core } = await importPeer<HypercoreModule>(packages, 'hypercore')
    const core = new Core(join(folder, 'core'))
    await core.ready()
    const envelopes = await readEnvelopes(file)
    for (let i = core.length; i < envelopes.length; i += BATCH) await core.append(envelopes.slice(i, i + BATCH))
    const server = createServer(socket => joined(socket, core.replicate(false))).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    return {
      address: `${port}/${core.key.toString('hex')}`,
      [Symbol.asyncDispose]: async () => {
        server.close()
        await core.close()
      },
    }
  },

  async open({ folder, packages }) {
    const { default: Core } = await importPeer<HypercoreModule>(packages, 'hypercore')
    const opened: AsyncDisposableStack = new AsyncDisposableStack()
    return {
      async receive({ address, records }) {
        const [port, key] = address.split('/') as [string, string]
        const core = new Core(join(folder, 'core'), Buffer.from(key, 'hex'))
        await core.ready()
        const socket = connect(Number(port), '127.0.0.1')
        joined(socket, core.replicate(true))
        await core.update({ wait: true })
        await core.download({ start: 0, end: records }).done()
        if (core.contiguousLength !== records) throw new Error(`hypercore holds ${core.contiguousLength} of ${records}`)
        opened.defer(() => core.close())
        opened.defer(() => void socket.destroy())
      },
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    }
  },
}

/** A connection that is closed by the other side is no failure here. */
function joined(socket: Socket, replication: Duplex): void {
  const ignore = () => {}
  socket.on('error', ignore)
  replication.on('error', ignore)
  socket.pipe(replication).pipe(socket)
}

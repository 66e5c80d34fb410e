import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createHeliaLight } from 'helia'
import { CID } from 'multiformats/cid'
import type { NodeProcess } from './hanse-process.ts'

/** Somebody else's IPFS node: plain Helia with bitswap and blocks in memory, nothing of this project. */
export class IpfsNode implements AsyncDisposable {
  readonly #helia

  private constructor(helia: ReturnType<typeof plainHelia>) {
    this.#helia = helia
  }

  static async startConnectedTo(node: NodeProcess): Promise<IpfsNode> {
    const helia = plainHelia()
    await helia.start()
    await helia.libp2p.dial(multiaddr(node.address))
    return new IpfsNode(helia)
  }

  /** The bytes of a file. Rejects when the signal aborts first. */
  async cat(cid: string, signal: AbortSignal): Promise<Buffer> {
    const parts: Uint8Array[] = []
    for await (const part of unixfs(this.#helia).cat(CID.parse(cid), { signal })) parts.push(part)
    return Buffer.concat(parts)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#helia.stop()
  }
}

function plainHelia() {
  return withBitswap(
    withLibp2pLight(createHeliaLight(), {
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { identify: identify() },
    }),
  )
}

import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import { type BenchNode, startBenchNode } from './bench-node.ts'
import type { Contender } from './contender.ts'
import type { Piece } from './corpus.ts'
import type { Server } from './server.ts'

const PROTOCOL = '/ipfs/bitswap/1.2.0'
/** Numbers of the nodes, one for each time. */
const FIRST_NODE = 100
/** Leaves of 1 MiB wanted at once: with all 48 of 50 MB the fetch never ends. */
const WANTS_AT_ONCE = 8
/** Artifacts of one leaf wanted at once: of 500 some never come. */
const SMALL_AT_ONCE = 64
/** Longest wait for one artifact, ms. */
const FETCH_MS = 60_000
/** Longest wait until the topology knows a new connection, ms. */
const READY_MS = 10_000

/**
 * Helia's bitswap on a node of its own, eight leaves of one artifact wanted at once; Helia hashes every block. A server sends a block
 * to one peer once in five seconds, and not to that peer connected anew: `forget` starts another node, unmeasured.
 */
export async function bitswap(server: Server): Promise<Contender> {
  let number = FIRST_NODE
  let node = await connected(number, server)
  const load = async (id: string, signal: AbortSignal) => {
    let got = 0
    for await (const chunk of node.helia.blockstore.get(CID.parse(id), { signal })) got += chunk.byteLength
    return got
  }
  const fetch = async ({ layout, bytes }: Piece) => {
    const signal = AbortSignal.timeout(FETCH_MS)
    if (layout.rootBlock !== null) await load(layout.cid, signal)
    const got: number[] = []
    const left = layout.leaves.values()
    await Promise.all(
      Array.from({ length: WANTS_AT_ONCE }, async () => {
        for (const leaf of left) got.push(await load(leaf, signal))
      }),
    )
    if (got.reduce((sum, each) => sum + each) !== bytes.length) throw new Error('bitswap ended early')
  }
  return {
    name: 'bitswap',
    fetch,
    fetchAll: async pieces => {
      const left = pieces.values()
      await Promise.all(
        Array.from({ length: SMALL_AT_ONCE }, async () => {
          for (const piece of left) await fetch(piece)
        }),
      )
    },
    forget: async () => {
      await node[Symbol.asyncDispose]()
      node = await connected(++number, server)
    },
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  }
}

async function connected(number: number, { peers }: Server): Promise<BenchNode> {
  const node = await startBenchNode(number)
  for (const { addresses } of peers) await node.libp2p.dial(addresses.map(each => multiaddr(each)))
  const until = performance.now() + READY_MS
  for (const { peer } of peers) await identified(node, peer, until)
  return node
}

async function identified({ libp2p }: BenchNode, peer: string, until: number): Promise<void> {
  while (performance.now() < until) {
    const known = await libp2p.peerStore.get(peerIdFromString(peer)).catch(() => null)
    if (known?.protocols.includes(PROTOCOL)) return
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  throw new Error('the serving node was not identified')
}

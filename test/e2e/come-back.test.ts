import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPeers } from '../../src/node/network/peer-book.ts'
import { eventually, NodeProcess } from './hanse-process.ts'

const ABSENT = '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK'

async function connectedTo(node: NodeProcess): Promise<readonly string[]> {
  const rows = (await node.try('peer', 'list')).json as unknown as readonly { id: string; state: string }[]
  return rows.filter(({ state }) => state === 'connected').map(({ id }) => id)
}

describe('a node whose bootstraps are all dead', () => {
  it('comes back to those it knew, and through them to those it never met', async () => {
    await using harbour = await NodeProcess.start()
    await using friend = await NodeProcess.start(['--bootstrap', harbour.address])
    await using node = await NodeProcess.start(['--bootstrap', harbour.address, '--bootstrap', ABSENT])
    const friendId = friend.ready.peerId
    await eventually(
      () => connectedTo(node),
      peers => peers.includes(friendId),
    )
    // Connected comes first; where the peer listens is its own word, some round trips later.
    await eventually(
      () => readPeers(join(node.home, 'state/peers.json')),
      known => known.some(({ peer }) => peer === friendId),
    )
    await node.end('SIGKILL')
    await using newcomer = await NodeProcess.start(['--bootstrap', friend.address])
    await harbour.end('SIGKILL')

    await node.restart()
    const newcomerId = newcomer.ready.peerId
    const peers = await eventually(
      () => connectedTo(node),
      found => found.includes(friendId) && found.includes(newcomerId),
      60_000,
    )
    expect(peers).not.toContain(ABSENT.split('/').at(-1))
  }, 120_000)
})

import { describe, expect, it } from 'vitest'
import { eventually, NodeProcess } from './hanse-process.ts'

interface PeerRow {
  readonly id: string
  readonly state: string
  readonly pinned: boolean
  readonly why?: string
}

const ABSENT = '12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK'
const OTHER = '12D3KooWNoz14dKHo6QkLqPdesYftbKAMWrn57SqLVinfyoS1w5x'

const peersOf = async (node: NodeProcess) => (await node.try('peer', 'list')).json as unknown as readonly PeerRow[]
const warningsOf = ({ stderr }: NodeProcess) =>
  stderr
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as { code?: string; peer?: string; msg: string })

describe('bootstrap peers that cannot be reached', () => {
  it('are told once on stderr, with the reason in peer list and status, while the node serves on', async () => {
    await using harbour = await NodeProcess.start()
    const misnamed = harbour.address.replace(harbour.ready.peerId, OTHER)
    const absent = `/ip4/127.0.0.1/tcp/1/p2p/${ABSENT}`
    await using node = await NodeProcess.start(['--bootstrap', absent, '--bootstrap', misnamed])
    const rows = await eventually(
      () => peersOf(node),
      peers => peers.length === 2 && peers.every(({ state }) => state === 'unreachable'),
    )
    expect(rows).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: ABSENT, pinned: false, why: 'E_PEER_UNREACHABLE: nothing listens there' }),
        expect.objectContaining({ id: OTHER, pinned: false, why: expect.stringMatching(/^E_PEER_IDENTITY: /) }),
      ]),
    )
    expect((await node.run('status')).health).toMatch(/no bootstrap peer can be reached: E_PEER_/)
    const ready = await fetch(new URL('/readyz', node.ready.http))
    expect(ready.status).toBe(200)
    expect(await ready.json()).toMatchObject({ ready: true, checks: { bootstrap: expect.stringContaining(ABSENT) } })
    await eventually(
      async () => warningsOf(node),
      warnings => warnings.length === 2,
    )
    expect(warningsOf(node)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ code: 'E_PEER_UNREACHABLE', peer: ABSENT, msg: expect.stringContaining(absent) }),
        expect.objectContaining({ code: 'E_PEER_IDENTITY', peer: OTHER, msg: expect.stringContaining(misnamed) }),
      ]),
    )
  }, 60_000)

  it('matter no more once one of them answers', async () => {
    await using harbour = await NodeProcess.start()
    const absent = `/ip4/127.0.0.1/tcp/1/p2p/${ABSENT}`
    await using node = await NodeProcess.start(['--bootstrap', absent, '--bootstrap', harbour.address])
    const rows = await eventually(
      () => peersOf(node),
      peers => peers.some(({ state }) => state === 'connected') && peers.some(({ state }) => state === 'unreachable'),
    )
    expect(rows.find(({ state }) => state === 'connected')).toMatchObject({ id: harbour.ready.peerId, pinned: false })
    expect((await node.run('status')).health).toBe('ok')
  }, 60_000)
})

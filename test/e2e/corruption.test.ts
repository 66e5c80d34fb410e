import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AlteringProxy } from '../clients/altering-proxy.ts'
import { CLIENT_KINDS, CLIENTS_READY_MS, installedVersion, openUser, requireDone } from '../clients/index.ts'
import { RegistryNode } from '../clients/registry-node.ts'
import { Chance } from '../corruption/chance.ts'
import { corruptPeers } from '../corruption/peer-corruption.ts'
import { corruptRegistry } from '../corruption/registry-corruption.ts'
import { blocksSwapped, cutShort, flipped } from '../corruption/spoil.ts'
import { PullingNode } from '../pulling-node.ts'

/** `scripts/corrupt --seed N` plays these and more. */
const SEED = 20261121

describe('on the way to a node', () => {
  it('100 spoilt answers of a registry are each found out, and none of their bytes is kept', async () => {
    const tally = await corruptRegistry(SEED, 100, url => PullingNode.start(url))
    expect(tally.faults).toEqual([])
    expect([tally.count('refused'), tally.counts.size]).toEqual([100, 6])
  })

  it('100 spoilt answers of peers are each found out', async () => {
    const tally = await corruptPeers(SEED, 100)
    expect(tally.faults).toEqual([])
    expect([tally.count('refused'), tally.counts.size]).toEqual([100, 5])
  })
})

describe('between a node and its client', () => {
  let node: RegistryNode
  let proxy: AlteringProxy
  let other: Uint8Array
  const stack = new AsyncDisposableStack()
  beforeAll(async () => {
    node = stack.use(await RegistryNode.start())
    proxy = stack.use(await AlteringProxy.start(node.node.ready.http))
    await node.upstream.publish('sea-left-rig', '1.0.0', { manifest: { description: 'x'.repeat(2_000) } })
    other = await node.upstream.publish('sea-right-rig', '1.0.0')
  }, CLIENTS_READY_MS)
  afterAll(async () => await stack.disposeAsync())

  it.each(CLIENT_KINDS)('%s installs no altered byte of what it locked', async clientName => {
    await using user = await openUser(clientName, node)
    const cwd = await user.project('app', { private: true, dependencies: { 'sea-left-rig': '1.0.0' } })
    await user.throughProxy(cwd, proxy.url)
    proxy.alter = bytes => bytes
    requireDone(await user.client.install(cwd))
    const chance = new Chance(SEED)
    const ways = [flipped, blocksSwapped, cutShort, () => other].map(way => (bytes: Uint8Array) => way(bytes, chance))
    for (const way of ways) {
      await user.forgetInstalled(cwd)
      proxy.alter = way
      const { altered } = proxy
      const { code, out, err } = await user.client.cleanInstall(cwd)
      expect([code === 0, proxy.altered > altered, out + err]).toEqual([false, true, expect.stringMatching(/\S/)])
      expect(await installedVersion(cwd, 'sea-left-rig')).toBeNull()
      await rm(join(cwd, 'node_modules'), { recursive: true, force: true })
    }
  })
})

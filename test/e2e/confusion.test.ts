import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CLIENT_KINDS,
  CLIENTS_READY_MS,
  type ClientName,
  installedVersion,
  openUser,
  requireDone,
} from '../clients/index.ts'
import { RegistryNode } from '../clients/registry-node.ts'

/** Names that are private here at 1.0.0, while anyone may have put 999.0.0 under them upstream. */
const PRIVATE = ['@acme/secret', 'left-pad-internal']

let node: RegistryNode
const stack = new AsyncDisposableStack()
beforeAll(async () => {
  node = stack.use(await RegistryNode.start())
  for (const name of PRIVATE) await node.upstream.publish(name, '999.0.0')
  await node.upstream.publish('sea-right-rig', '1.0.0')
  const publisher = stack.use(await openUser('npm-12', node))
  for (const [at, name] of PRIVATE.entries()) {
    const cwd = await publisher.project(name, { dependencies: { 'sea-right-rig': '*' } })
    if (at === 0) await publisher.login(cwd)
    requireDone(await publisher.client.publish(cwd))
  }
}, CLIENTS_READY_MS)
afterAll(async () => await stack.disposeAsync())

/** Requests of the upstream for any private name; it is asked for others, and pnpm 12 looks for a newer pnpm. */
const askedOfUpstream = () => PRIVATE.flatMap(name => node.upstream.asked(name)).map(({ path }) => path)

describe.each(CLIENT_KINDS)('%s', (clientName: ClientName) => {
  it('gets what is private, by newest version and by open range, and upstream hears of neither name', async () => {
    await using user = await openUser(clientName, node)
    const named = await user.project('named', { private: true })
    requireDone(await user.client.install(named, ...PRIVATE))
    const ranged = await user.project('ranged', {
      private: true,
      dependencies: { '@acme/secret': '*', 'left-pad-internal': '>=1.0.0' },
    })
    requireDone(await user.client.install(ranged))
    for (const cwd of [named, ranged]) {
      for (const name of PRIVATE) expect([name, await installedVersion(cwd, name)]).toEqual([name, '1.0.0'])
    }
    expect(askedOfUpstream()).toEqual([])
    expect(node.upstream.asked('sea-right-rig')).not.toEqual([])
  })

  it('finds no version above the private ones, however it asks', async () => {
    await using user = await openUser(clientName, node)
    const cwd = await user.project('exact', { private: true })
    for (const name of PRIVATE) {
      expect((await user.client.install(cwd, `${name}@999.0.0`)).code).not.toBe(0)
      expect(await installedVersion(cwd, name)).toBeNull()
    }
    expect(askedOfUpstream()).toEqual([])
  })

  it('publishes a new name, and upstream never hears of it', async () => {
    await using user = await openUser(clientName, node)
    const cwd = await user.project(`@acme/new-${clientName}`)
    await user.login(cwd)
    requireDone(await user.client.publish(cwd))
    expect(node.upstream.asked(`new-${clientName}`)).toEqual([])
  })
})

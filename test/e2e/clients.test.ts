import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CLIENT_NAMES,
  CLIENTS_READY_MS,
  type ClientName,
  type ClientUser,
  installedVersion,
  openUser,
  requireDone,
} from '../clients/index.ts'
import { RegistryNode } from '../clients/registry-node.ts'

/** What a client has no command for, or one that only asks a terminal; nothing else may be missing. */
const LACKS: Readonly<Partial<Record<ClientName, readonly string[]>>> = {
  'pnpm-12': ['login'],
  'yarn-1': ['login', 'search'],
  'yarn-4': ['search'],
  bun: ['login', 'addTag', 'tags', 'search'],
}

let node: RegistryNode
const stack = new AsyncDisposableStack()
beforeAll(async () => {
  node = stack.use(await RegistryNode.start())
  await node.upstream.publish('sea-right-rig', '1.0.0')
  await node.upstream.publish('sea-left-rig', '1.0.0', { manifest: { dependencies: { 'sea-right-rig': '^1.0.0' } } })
}, CLIENTS_READY_MS)
afterAll(async () => await stack.disposeAsync())

describe.each(CLIENT_NAMES)('%s, as it comes from the registry,', clientName => {
  const name = `@acme/hull-${clientName}`
  let user: ClientUser
  /** Folder of the package. */
  let own: string

  beforeAll(async () => {
    user = stack.use(await openUser(clientName, node))
    own = await user.project(name, {
      description: `rigging for ${clientName}`,
      dependencies: { 'sea-left-rig': '^1.0.0' },
    })
  })

  it('has the commands that are tried here, but for those known to be missing', () => {
    const { login, addTag, tags, search } = user.client
    const missing = Object.entries({ login, addTag, tags, search }).filter(([, command]) => command === null)
    expect(missing.map(([command]) => command)).toEqual(LACKS[clientName] ?? [])
  })

  it('publishes a scoped package once it is logged in, privately, and never twice', async () => {
    expect((await user.client.publish(own)).code).not.toBe(0)
    await user.login(own)
    requireDone(await user.client.publish(own))
    const info = await node.node.run('info', `npm:${name}`)
    expect(JSON.stringify(info.publishers)).toContain('"visibility":"private"')
    const again = await user.client.publish(own)
    expect(again.code).not.toBe(0)
    // npm 11 and 12 look first and say it themselves.
    // pnpm 12 draws a frame around it.
    expect((again.out + again.err).replace(/[\s│]+/g, ' ')).toMatch(
      /is released already and never changes|previously published versions/,
    )
    expect(await node.node.run('info', `npm:${name}`)).toEqual(info)
  })

  it('views, tags and searches', async () => {
    const { view, addTag, tags, search } = user.client
    expect(requireDone(await view(own, name, 'description'))).toContain(`rigging for ${clientName}`)
    if (addTag !== null) requireDone(await addTag(own, `${name}@1.0.0`, 'stable'))
    if (tags !== null) expect(requireDone(await tags(own, name))).toMatch(/stable\W+1\.0\.0/)
    if (search !== null) expect(requireDone(await search(own, 'rigging'))).toContain(name)
  })

  it('installs it with what it depends on upstream, and again from the lock file alone', async () => {
    const app = await user.project('app', { private: true })
    const versions = async () => [await installedVersion(app, name), await installedVersion(app, 'sea-left-rig')]
    const hoists = user.client.kind !== 'pnpm'
    requireDone(await user.client.install(app, name))
    expect(await versions()).toEqual(['1.0.0', hoists ? '1.0.0' : null])
    const lock = await readFile(join(app, user.client.lockFile), 'utf8')
    expect(lock).toContain('sea-right-rig')
    await user.forgetInstalled(app)
    requireDone(await user.client.cleanInstall(app))
    expect(await versions()).toEqual(['1.0.0', hoists ? '1.0.0' : null])
    expect(await readFile(join(app, user.client.lockFile), 'utf8')).toBe(lock)
  })
})

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDeno } from '../clients/deno.ts'
import { CLIENTS_READY_MS, type ClientUser, installedVersion, openUser, requireDone } from '../clients/index.ts'
import { RegistryNode } from '../clients/registry-node.ts'
import { hanse } from './hanse-process.ts'

const RELEASED = ['@acme/hull', 'hull-rig-internal']
/** What projects say of deno's age gate, which is on by itself. */
const CONFIGURED: Readonly<Record<string, readonly [file: string, text: string]>> = {
  'no age': ['deno.json', '{\n  "tasks": { "dev": "deno run main.ts" }\n}\n'],
  'an age': ['deno.jsonc', '{\n  // three days\n  "minimumDependencyAge": "P3D",\n}\n'],
  'a list': ['deno.json', '{ "minimumDependencyAge": { "age": 4320, "exclude": ["npm:other"] } }'],
}

let node: RegistryNode
let user: ClientUser
let deno: Awaited<ReturnType<typeof openDeno>>
const stack = new AsyncDisposableStack()
beforeAll(async () => {
  node = stack.use(await RegistryNode.start())
  user = stack.use(await openUser('npm-12', node))
  deno = await openDeno(user.home)
  for (const [at, name] of RELEASED.entries()) {
    const cwd = await user.project(name)
    if (at === 0) await user.login(cwd)
    requireDone(await user.client.publish(cwd))
  }
}, CLIENTS_READY_MS)
afterAll(async () => await stack.disposeAsync())

it.each(Object.entries(CONFIGURED))(
  'deno installs what was released here a moment ago in a project whose configuration has %s',
  async (what, [file, text]) => {
    const cwd = await user.project(`has ${what}`, { private: true }, { [file]: text })
    requireDone(await deno.install(cwd, ...RELEASED.map(name => `npm:${name}`)))
    for (const name of RELEASED) expect(await installedVersion(cwd, name)).toBe('1.0.0')
    await hanse(['use', 'npm', '--undo'], undefined, cwd)
    expect(await readFile(join(cwd, file), 'utf8')).toBe(text)
  },
)

it('deno holds it in a project that exempts another scope', async () => {
  const files = { 'package.json': { name: 'held', private: true }, 'deno.json': '{}' }
  const cwd = await user.home.project('held', files)
  await node.use(user.client, cwd, '--scope', '@other')
  await user.addRegistry(cwd)
  const held = await deno.install(cwd, 'npm:@acme/hull')
  expect([held.code, await installedVersion(cwd, '@acme/hull')]).toEqual([1, null])
  expect(held.err).toContain('minimum dependency age')
})

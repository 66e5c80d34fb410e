import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CLIENTS_READY_MS, type ClientName, installedVersion, openUser, requireDone } from '../clients/index.ts'
import { RegistryNode } from '../clients/registry-node.ts'
import { hanse } from './hanse-process.ts'

/** Projects whose client holds what is younger than a day; yarn 4 and pnpm 12 do so by themselves. */
const GATED: Readonly<Partial<Record<ClientName, Readonly<Record<string, string>>>>> = {
  'npm-11': { '.npmrc': 'min-release-age=1\n' },
  'npm-12': { '.npmrc': 'min-release-age=1\n' },
  'pnpm-10': { 'pnpm-workspace.yaml': 'minimumReleaseAge: 1440\n' },
  'pnpm-12': { 'pnpm-workspace.yaml': 'minimumReleaseAgeStrict: true\n' },
  'yarn-4': { '.yarnrc.yml': 'nodeLinker: node-modules\n' },
  bun: { 'bunfig.toml': '[install]\nminimumReleaseAge = 86400\n' },
}
const RELEASED = ['@acme/hull', 'hull-rig-internal']

let node: RegistryNode
const stack = new AsyncDisposableStack()
beforeAll(async () => {
  node = stack.use(await RegistryNode.start())
  const publisher = stack.use(await openUser('npm-12', node))
  for (const [at, name] of RELEASED.entries()) {
    const cwd = await publisher.project(name)
    if (at === 0) await publisher.login(cwd)
    requireDone(await publisher.client.publish(cwd))
  }
}, CLIENTS_READY_MS)
afterAll(async () => await stack.disposeAsync())

describe.each(Object.entries(GATED) as [ClientName, Record<string, string>][])('%s with an age gate', (name, files) => {
  it('installs what was released here a moment ago once hanse use has told it, and not before', async () => {
    await using user = await openUser(name, node)
    const gated = await user.project('gated', { private: true }, files)
    await hanse(['use', user.client.kind, '--undo'], undefined, gated)
    for (const [file, text] of Object.entries(files)) expect(await readFile(join(gated, file), 'utf8')).toBe(text)

    const cwd = await user.project('app', { private: true }, files)
    requireDone(await user.client.install(cwd, ...RELEASED))
    for (const each of RELEASED) expect(await installedVersion(cwd, each)).toBe('1.0.0')
  })

  it('holds it in a project that exempts another scope', async () => {
    await using user = await openUser(name, node)
    const cwd = await user.project('app', { private: true }, files)
    await node.use(user.client, cwd, '--scope', '@other')
    await user.addRegistry(cwd)
    const { code } = await user.client.install(cwd, '@acme/hull')
    expect([code === 0, await installedVersion(cwd, '@acme/hull')]).toEqual([false, null])
  })
})

it('a token that may only read is enough', async () => {
  const made = await node.node.run('token', 'create', '--name', 'developer', '--scope', 'read')
  await using user = await openUser('npm-12', node)
  const cwd = await user.home.project('bare', { 'package.json': { name: 'bare' } })
  const elsewhere = ['--node', node.node.ready.http, '--token', String(made.token)]
  const { code, stderr } = await hanse(['use', 'npm', ...elsewhere], undefined, cwd)
  expect([code, stderr]).toEqual([0, ''])
  expect(await readFile(join(cwd, '.npmrc'), 'utf8')).toContain(`registry=${node.registry}\n`)
})

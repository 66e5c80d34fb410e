import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
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
import { runProcess } from '../run-process.ts'
import { hanse } from './hanse-process.ts'

/** Clients whose lock files name no host, so that the project's registry alone counts. */
const NAMELESS: readonly ClientName[] = ['pnpm-10', 'pnpm-12', 'yarn-4']

let node: RegistryNode
const stack = new AsyncDisposableStack()
beforeAll(async () => {
  node = stack.use(await RegistryNode.start())
  for (const name of ['sea-mast-rig', '@dock/crane']) await node.upstream.publish(name, '1.0.0')
}, CLIENTS_READY_MS)
afterAll(async () => await stack.disposeAsync())

interface Diagnosis {
  readonly findings: readonly { readonly problem: string }[]
  readonly help: readonly string[]
}

const tarballsAsked = () => node.upstream.asked('.tgz').length

describe.each(CLIENT_KINDS)('a project that %s locked from another registry', clientName => {
  it('is found out where its lock file leads past the node, and the command that doctor prints changes that', async () => {
    await using user = await openUser(clientName, node)
    const wanted = { dependencies: { 'sea-mast-rig': '1.0.0', '@dock/crane': '1.0.0' } }
    const cwd = await user.project('app', { private: true, ...wanted })
    await user.throughProxy(cwd, node.upstream.url.slice(0, -1))
    await withoutPath(cwd)
    requireDone(await user.client.install(cwd))
    await node.use(user.client, cwd)
    const doctor = async () => await hanse(['doctor', '--client', user.client.kind, '--json'], undefined, cwd)

    const { code, json } = await doctor()
    if (NAMELESS.includes(clientName)) expect([code, json?.findings]).toEqual([0, []])
    else {
      expect([code, json]).toMatchObject([1, { findings: [{ subject: user.client.lockFile }] }])
      const { findings, help } = json as unknown as Diagnosis
      expect(findings[0]?.problem).toContain(`to ${node.upstream.url}, past ${node.registry}`)
      for (const command of help) {
        expect((await runProcess('sh', ['-c', command], { cwd, env: process.env })).code).toBe(0)
      }
      expect((await doctor()).json).toMatchObject({ ok: true, findings: [] })
    }

    // The first of these projects makes the node fetch; from then on nobody but the node may ask, and it asks no more.
    await user.forgetInstalled(cwd)
    requireDone(await user.client.cleanInstall(cwd))
    const asked = tarballsAsked()
    await user.forgetInstalled(cwd)
    requireDone(await user.client.cleanInstall(cwd))
    expect([await installedVersion(cwd, '@dock/crane'), tarballsAsked() - asked]).toEqual(['1.0.0', 0])
  })
})

it('a project that nobody has pointed at a node is told how', async () => {
  await using user = await openUser('yarn-1', node)
  const cwd = await user.home.project('bare', { 'package.json': { name: 'bare' } })
  const { code, json } = await hanse(['doctor', '--client', 'yarn', '--json'], undefined, cwd)
  expect([code, json]).toMatchObject([1, { findings: [{ kind: 'yarn' }], help: ['hanse use yarn'] }])
})

/** The other registry has no path: what `hanse use` wrote for the node is shortened. */
async function withoutPath(cwd: string): Promise<void> {
  for (const file of ['.npmrc', '.yarnrc.yml']) {
    const text = await readFile(join(cwd, file), 'utf8').catch(() => null)
    if (text !== null) await writeFile(join(cwd, file), text.replace(/(127\.0\.0\.1:\d+)\/npm/, '$1'))
  }
}

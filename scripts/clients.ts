/**
 * A real project through a node, by every client: with node and client cold, with the node warm, from the lock file, and with
 * the upstream cut. Then a lock file written against this machine's registry, unchanged, by each npm. Prints seconds.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CLIENT_NAMES, type ClientName, type ClientUser, openUser, requireDone } from '../test/clients/index.ts'
import { RegistryGate } from '../test/clients/registry-gate.ts'
import { PullingNode } from '../test/pulling-node.ts'
import { runProcess } from '../test/run-process.ts'

const PROJECT = {
  private: true,
  dependencies: { express: '^5.0.0', react: '^19.0.0', 'react-dom': '^19.0.0' },
  // The last rollup of which the registry of this machine had every platform's package when this was written: npm locks all of
  // them, and refuses its own lock file where one is missing.
  devDependencies: { eslint: '^9.0.0', rollup: '4.67.4', typescript: '^5.0.0', vite: '^7.0.0' },
  // For yarn, which would else take another for vite.
  resolutions: { rollup: '4.67.4' },
}
/** pnpm 12 ends with an error where it ran no install scripts, which nobody allows here. */
const FILES = { 'pnpm-workspace.yaml': 'strictDepBuilds: false\n' }
const COLUMNS = ['client', 'cold', 'warm', 'from lock', 'upstream cut', 'packages'] as const

const { values } = parseArgs({ options: { only: { type: 'string' } } })
const wanted = values.only?.split(',') ?? CLIENT_NAMES
const registry = await machineRegistry()

print(COLUMNS)
for (const name of CLIENT_NAMES)
  if (wanted.includes(name)) print(await measured(name).catch(error => failed(name, error)))
const lock = await lockOfMachine()
const isPinned = lock.includes(`"resolved": "${registry}`)
console.log(
  `\na lock file of this machine's registry, unchanged (${isPinned ? 'names its host' : 'names no host'}), by npm ci:`,
)
for (const name of CLIENT_NAMES)
  if (name.startsWith('npm') && wanted.includes(name))
    print(await withLock(name, lock).catch(error => failed(name, error)))

function failed(name: ClientName, error: unknown): readonly string[] {
  console.error(error)
  process.exitCode = 1
  return [name, 'FAILED']
}

/** One client's row: a node and a home that nobody has used. */
async function measured(name: ClientName): Promise<readonly string[]> {
  await using gate = await RegistryGate.start(registry)
  await using node = await PullingNode.start(gate.url)
  await using user = await openUser(name, await usedNode(node))
  const cwd = await user.project('app', PROJECT, user.client.kind === 'pnpm' ? FILES : {})
  const cold = await secondsOf(() => user.client.install(cwd))
  const warm = await again(user, cwd, () => user.client.install(cwd))
  const locked = await again(user, cwd, () => user.client.cleanInstall(cwd))
  await gate.cut()
  const cut = await again(user, cwd, () => user.client.cleanInstall(cwd))
  const { artifacts } = (await node.run('status')) as { artifacts: number }
  return [name, cold, warm, locked, cut, String(artifacts)]
}

async function withLock(name: ClientName, text: string): Promise<readonly string[]> {
  await using node = await PullingNode.start(registry)
  await using user = await openUser(name, await usedNode(node))
  const cwd = await user.project('app', { ...PROJECT, name: 'app' }, { 'package-lock.json': text })
  // Versions younger than the node's minimum age are in no lock file that it wrote: these are accepted as locked.
  await node.run('policy', 'accept', '--lockfile', join(cwd, 'package-lock.json'))
  const took = await secondsOf(() => user.client.cleanInstall(cwd))
  const isUnchanged = (await readFile(join(cwd, 'package-lock.json'), 'utf8')) === text
  const asked = (await node.run('status')) as { artifacts: number }
  return [name, took, isUnchanged ? 'unchanged' : 'CHANGED', '', '', String(asked.artifacts)]
}

/** What npm 11 locks when it asks this machine's registry itself. */
async function lockOfMachine(): Promise<string> {
  await using user = await openUser('npm-11', { registry, token: '', use: async () => {} })
  const cwd = await user.project('app', PROJECT, { '.npmrc': `registry=${registry}\n` })
  requireDone(await user.client.install(cwd, '--package-lock-only'))
  return await readFile(join(cwd, 'package-lock.json'), 'utf8')
}

async function usedNode(node: PullingNode) {
  const { token } = JSON.parse(await readFile(join(node.home, 'run.json'), 'utf8')) as { token: string }
  const use = async ({ kind }: { readonly kind: string }, cwd: string) => {
    const cli = join(import.meta.dirname, '../dist/hanse.js')
    const args = [cli, 'use', kind, '--home', node.home]
    requireDone(await runProcess(process.execPath, args, { cwd, env: process.env }))
  }
  return { registry: node.registry, token, use }
}

async function again(user: ClientUser, cwd: string, run: () => ReturnType<typeof runProcess>): Promise<string> {
  await user.forgetInstalled(cwd)
  return await secondsOf(run)
}

async function secondsOf(run: () => ReturnType<typeof runProcess>): Promise<string> {
  const began = performance.now()
  requireDone(await run())
  return ((performance.now() - began) / 1_000).toFixed(1)
}

async function machineRegistry(): Promise<string> {
  const { out } = await runProcess('npm', ['config', 'get', 'registry'], { env: process.env })
  return out.trim().replace(/\/*$/, '/')
}

function print(cells: readonly string[]): void {
  console.log(cells.map(cell => cell.padEnd(14)).join(''))
}

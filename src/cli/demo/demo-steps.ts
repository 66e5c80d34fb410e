import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError } from '../errors.ts'
import { installTo } from '../install-to.ts'
import { publishFile } from '../publish-path.ts'
import { artifactPathOf, type DemoNode, flippedBytesOf } from './demo-node.ts'
import { type PackedPackage, packInstalled } from './pack-package.ts'
import { refusalOf, type StepList } from './step.ts'

export interface DemoNodes {
  harbour?: DemoNode
  gateway?: DemoNode
  office?: DemoNode
}

interface Surroundings {
  readonly folder: string
  readonly signal: AbortSignal
}

type Start = (name: string, bootstrap: readonly string[]) => Promise<DemoNode>

interface SearchAnswer {
  readonly hits: readonly { readonly purl: string; readonly source: string }[]
}

/** What the demo shows, step by step; returns the nodes that were started. */
export async function runDemoSteps(
  steps: StepList,
  start: Start,
  { folder, signal }: Surroundings,
): Promise<DemoNodes> {
  const nodes: DemoNodes = {}
  await steps.run('start harbour, gateway and office', async () => {
    nodes.harbour = await start('harbour', [])
    nodes.gateway = await start('gateway', [nodes.harbour.address])
    nodes.office = await start('office', [nodes.gateway.address])
    return 'office knows only the address of gateway'
  })
  const { harbour, gateway, office } = nodes
  if (!harbour || !gateway || !office) return nodes

  const tarballs = join(folder, 'tarballs')
  const installed = join(folder, 'installed')
  await mkdir(tarballs)
  const packages = await packInstalled(tarballs)
  const [late, ...early] = packages
  if (!late) throw new CliError('E_NOT_FOUND', 'no package was found to publish')
  const semver = early.find(({ name }) => name === 'semver') ?? late
  const victim = early.find(({ name }) => name === 'commander') ?? late

  await steps.run('publish on harbour', async () => {
    for (const { file } of early) {
      signal.throwIfAborted()
      await publishFile(harbour.api, file, { public: true })
    }
    return `${early.length} packages of this project's node_modules`
  })
  await steps.run('announce: gateway hears of a new release', async () => {
    await relate(gateway, 'follow', harbour)
    await publishFile(harbour.api, late.file, { public: true })
    await steps.until(`${late.name} at gateway`, () => sameDigest(harbour, gateway, harbour.publisher))
    return `${late.name}@${late.version}, ${packages.length} releases, one digest`
  })
  await steps.run('mirror: gateway keeps the bytes too', async () => {
    await relate(gateway, 'mirror', harbour)
    await steps.until('every artifact at gateway', async () => (await artifactsOf(gateway)) >= packages.length)
    return `${packages.length} artifacts`
  })
  await steps.run("search on office for 'fastfy' (a typo)", async () => {
    const hit = await steps.until('a hit for fastify', async () => {
      const query = { q: 'fastfy', limit: 5 }
      const { hits } = await office.api.call<SearchAnswer>('GET', '/api/search', { query })
      return hits.find(({ purl }) => /^pkg:npm\/fastify(@|$)/.test(purl)) ?? null
    })
    return `${hit.purl}, ${hit.source}`
  })
  await steps.run('install on office: nobody here allowed it', async () => {
    const code = await refusalOf(() => installTo(office.api, { purl: 'npm:semver' }, installed), ['E_NO_ROUTE'])
    return `refused, ${code}`
  })
  await steps.run('allow harbour on office', async () => {
    await relate(office, 'allow', harbour)
    await steps.until('the same digest at office', () => sameDigest(gateway, office, harbour.publisher))
    return 'office and gateway show one digest'
  })
  await steps.run('kill -9 harbour', async () => {
    await harbour.kill()
    return 'the publisher is gone'
  })
  await steps.run('install on office from the mirror', async () => {
    const { sha256, from } = await installTo(office.api, { purl: `npm:semver@${semver.version}` }, installed)
    if (sha256 !== (await sha256Of(semver)))
      throw new CliError('E_ARTIFACT_ALTERED', 'not the bytes that were published')
    if (from !== gateway.peerId) throw new CliError('E_BAD_ANSWER', `the bytes came from ${from}, not from gateway`)
    return `semver@${semver.version}, the same sha256`
  })
  await steps.run("flip one bit on gateway's disk, install", async () => {
    const path = artifactPathOf(gateway.home, await sha256Of(victim))
    // Stored artifacts may be read-only: another file takes the place.
    const altered = await flippedBytesOf(path)
    await rm(path, { force: true })
    await writeFile(path, altered)
    const wanted = { purl: `npm:${victim.name}@${victim.version}` }
    const code = await refusalOf(
      () => installTo(office.api, wanted, installed),
      ['E_NO_PROVIDER', 'E_ARTIFACT_ALTERED'],
    )
    return `${victim.name}: refused, ${code}`
  })
  return nodes
}

async function relate(node: DemoNode, action: 'follow' | 'mirror' | 'allow', { publisher }: DemoNode): Promise<void> {
  await node.api.call('POST', '/api/relations', { body: { action, publisher } })
}

async function sameDigest(one: DemoNode, other: DemoNode, publisher: string): Promise<boolean> {
  const [left, right] = await Promise.all([digestOf(one, publisher), digestOf(other, publisher)])
  return left !== null && left === right
}

async function digestOf(node: DemoNode, publisher: string): Promise<string | null> {
  const lines = await node.api.call<readonly { id: string; digest: string }[]>('GET', '/api/publishers')
  return lines.find(({ id }) => id === publisher)?.digest ?? null
}

async function artifactsOf(node: DemoNode): Promise<number> {
  return (await node.api.call<{ artifacts: number }>('GET', '/api/status')).artifacts
}

async function sha256Of({ file }: PackedPackage): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
}

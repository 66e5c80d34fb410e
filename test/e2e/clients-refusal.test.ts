import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CLIENT_NAMES,
  CLIENTS_READY_MS,
  type ClientName,
  installedVersion,
  openUser,
  requireDone,
} from '../clients/index.ts'
import { RegistryNode } from '../clients/registry-node.ts'

const HOUR_MS = 3_600_000

/** What a client prints of a version that the node does not list. npm alone reads why; the others have `hanse why --last`. */
const SAID: Readonly<Record<ClientName, RegExp>> = {
  'npm-10': /E403 .* due to policy violations: .*\(minimumAge\)/,
  'npm-11': /E403 .* due to policy violations: .*\(minimumAge\)/,
  'npm-12': /E403 .* due to policy violations: .*\(minimumAge\)/,
  'pnpm-10': /ERR_PNPM_NO_MATCHING_VERSION/,
  'pnpm-12': /ERR_PNPM_NO_MATCHING_VERSION/,
  'yarn-1': /Couldn't find any versions for/,
  'yarn-4': /No candidates found|doesn't exist/,
  bun: /No version matching/,
}

let node: RegistryNode
const stack = new AsyncDisposableStack()
const nameFor = (client: ClientName) => `sea-${client}-rig`
beforeAll(async () => {
  node = stack.use(await RegistryNode.start())
  const hourAgo = new Date(Date.now() - HOUR_MS).toISOString()
  for (const client of CLIENT_NAMES) {
    await node.upstream.publish(nameFor(client), '1.0.0')
    await node.upstream.publish(nameFor(client), '1.1.0', { time: hourAgo })
  }
}, CLIENTS_READY_MS)
afterAll(async () => await stack.disposeAsync())

interface Withheld {
  readonly packages: readonly { readonly name: string; readonly rule: string; readonly versions: readonly object[] }[]
}

describe.each(CLIENT_NAMES)('%s, of a version that upstream has had for an hour,', clientName => {
  const name = nameFor(clientName)

  it('installs the one before it', async () => {
    await using user = await openUser(clientName, node)
    const cwd = await user.project('latest', { private: true, dependencies: { [name]: '^1.0.0' } })
    requireDone(await user.client.install(cwd))
    expect(await installedVersion(cwd, name)).toBe('1.0.0')
  })

  it('prints what it can of why, and hanse why --last says the rule', async () => {
    await using user = await openUser(clientName, node)
    const cwd = await user.project('exact', { private: true })
    const { code, out, err } = await user.client.install(cwd, `${name}@1.1.0`)
    expect(code).not.toBe(0)
    expect((out + err).replace(/[\s│]+/g, ' ')).toMatch(SAID[clientName])
    expect(await installedVersion(cwd, name)).toBeNull()
    const { packages } = (await node.node.run('why', '--last')) as unknown as Withheld
    const withheld = packages.filter(each => each.name === `npm:${name}`)
    expect(withheld).toMatchObject([{ rule: 'minimumAge', versions: [{ version: '1.1.0', enforced: true }] }])
  })
})

describe('once a waiver lets it through', () => {
  beforeAll(async () => {
    await node.node.run('policy', 'waive', 'npm:sea-*', '--rule', 'minimumAge', '--why', 'it mends our login')
  })

  it.each(CLIENT_NAMES)('%s installs it', async clientName => {
    await using user = await openUser(clientName, node)
    const name = nameFor(clientName)
    // yarn 4 has an age gate of its own, of a day, that knows nothing of waivers.
    const cwd = await user.project(
      'waived',
      { private: true },
      clientName === 'yarn-4' ? { '.yarnrc.yml': GATELESS } : {},
    )
    requireDone(await user.client.install(cwd, `${name}@1.1.0`))
    expect(await installedVersion(cwd, name)).toBe('1.1.0')
  })
})

const GATELESS = 'nodeLinker: node-modules\nnpmMinimalAgeGate: 0\n'

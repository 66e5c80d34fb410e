import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { startNode } from '../../../src/node/index.ts'
import type { NodeContext } from '../../../src/node/node-context.ts'
import { addMember } from '../../../src/node/use-cases/members.ts'
import { MAX_MEMBERS } from '../../../src/protocol/index.ts'
import { runHanse } from '../../cli/run-hanse.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { peerOf } from './holder-world.ts'

const PEER = '12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK'

/** A node on a network of this mode, whose authority it is or that has none. */
async function nodeOn(mode: 'private' | 'public', isAuthority = false) {
  const home = await temporaryFolder()
  const start = async (authority?: string) => {
    const network = [`mode: ${mode}`, ...(authority === undefined ? [] : [`authority: ${authority}`])]
    const settings = [...network, 'listen: [/ip4/127.0.0.1/tcp/0]', 'mdns: false']
    await writeFile(join(home, 'config.yaml'), `network: { ${settings.join(', ')} }\n`)
    return await startNode({ home, http: { host: '127.0.0.1', port: 0 } })
  }
  let node = await start()
  if (isAuthority) {
    const { publisher } = node.ready
    await node[Symbol.asyncDispose]()
    node = await start(publisher)
  }
  const client = new ApiClient(node.ready.http, (await findRunFile(home))?.token)
  return {
    add: (name?: string) => client.call('POST', '/api/members', { body: { peer: PEER, ...(name ? { name } : {}) } }),
    publisher: node.ready.publisher,
    status: () => client.call('GET', '/api/status'),
    doctor: () => client.call('POST', '/api/doctor', { body: { repair: false } }),
    remove: () => client.call('DELETE', `/api/members/${PEER}`),
    list: async () =>
      (await client.call<{ peer: string }[]>('GET', '/api/members')).filter(({ peer }) => peer !== node.ready.peerId),
    /** `hanse member list`: what people and programs are shown. */
    shown: async (...flags: readonly string[]) =>
      (await runHanse(['member', 'list', '--home', home, ...flags])).out.trim(),
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  }
}

test('on a network that is not private nothing is written of members', async () => {
  await using node = await nodeOn('public')
  await expect(node.add('site-b')).rejects.toMatchObject({
    code: 'E_USAGE',
    hint: expect.stringContaining('network.mode: private'),
  })
  expect(await node.list()).toEqual([])
})

test('without an authority a private network has no members, and the node says that nobody can connect', async () => {
  await using node = await nodeOn('private')
  const refused = { code: 'E_USAGE', hint: expect.stringContaining(`network.authority: ${node.publisher}`) }
  await expect(node.add('site-b')).rejects.toMatchObject(refused)
  await expect(node.remove()).rejects.toMatchObject(refused)
  expect(await node.list()).toEqual([])
  expect(await node.shown()).toContain('network.authority is not set')
  expect(await node.shown('--json')).toBe('[]')
  const problem = expect.stringContaining('neither network.allow nor network.authority')
  expect(await node.status()).toMatchObject({ health: problem })
  expect(await node.doctor()).toMatchObject({
    ok: false,
    findings: [{ kind: 'network', subject: expect.stringContaining('config.yaml'), problem }],
  })
})

test('what is answered of a member is what the list says', async () => {
  await using node = await nodeOn('private', true)
  expect([await node.status(), await node.doctor()]).toMatchObject([{ health: 'ok' }, { ok: true, findings: [] }])
  expect(await node.shown()).toContain('hanse member add')
  const named = { peer: PEER, name: 'site-b', state: 'member' }
  expect([await node.add('site-b'), await node.list()]).toEqual([named, [named]])
  const removed = { ...named, state: 'removed' }
  expect([await node.remove(), await node.list()]).toEqual([removed, [removed]])
  const again = { ...named, name: null }
  expect([await node.add(), await node.list()]).toEqual([again, [again]])
})

test('a peer beyond those that count is refused, and nothing is written', async () => {
  const members = new Map(Array.from({ length: MAX_MEMBERS }, (_, i) => [`peer${i}`, { name: null, isMember: true }]))
  const written: unknown[] = []
  const node = {
    config: { network: { mode: 'private', authority: 'own' } },
    writer: { publisher: 'own', write: async (_feed: string, ops: unknown) => written.push(ops) },
    library: { catalogue: { membersOf: () => members } },
    audiences: { run: (_key: string, work: () => Promise<unknown>) => work() },
    libp2p: { peerId: peerOf(1) },
  } as unknown as NodeContext
  await expect(addMember(node, PEER, undefined, 'test')).rejects.toMatchObject({ code: 'E_USAGE' })
  expect(written).toEqual([])
})

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { startNode } from '../../../src/node/index.ts'
import type { NodeContext } from '../../../src/node/node-context.ts'
import { addMember } from '../../../src/node/use-cases/members.ts'
import { MAX_MEMBERS } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { peerOf } from './holder-world.ts'

const PEER = '12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK'

/** A node on a network of this mode. */
async function nodeOn(mode: 'private' | 'public') {
  const home = await temporaryFolder()
  await writeFile(
    join(home, 'config.yaml'),
    `network: { mode: ${mode}, listen: [/ip4/127.0.0.1/tcp/0], mdns: false }\n`,
  )
  const node = await startNode({ home, http: { host: '127.0.0.1', port: 0 } })
  const client = new ApiClient(node.ready.http, (await findRunFile(home))?.token)
  return {
    add: (name?: string) => client.call('POST', '/api/members', { body: { peer: PEER, ...(name ? { name } : {}) } }),
    remove: () => client.call('DELETE', `/api/members/${PEER}`),
    list: async () =>
      (await client.call<{ peer: string }[]>('GET', '/api/members')).filter(({ peer }) => peer !== node.ready.peerId),
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

test('what is answered of a member is what the list says', async () => {
  await using node = await nodeOn('private')
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
    config: { network: { mode: 'private' } },
    writer: { publisher: 'own', write: async (_feed: string, ops: unknown) => written.push(ops) },
    library: { catalogue: { membersOf: () => members } },
    audiences: { run: (_key: string, work: () => Promise<unknown>) => work() },
    libp2p: { peerId: peerOf(1) },
  } as unknown as NodeContext
  await expect(addMember(node, PEER, undefined, 'test')).rejects.toMatchObject({ code: 'E_USAGE' })
  expect(written).toEqual([])
})

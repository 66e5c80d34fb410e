import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { type RunningNode, startNode } from '../../../src/node/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const PEER = '12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK'
let node: RunningNode
let client: ApiClient

beforeAll(async () => {
  const home = await temporaryFolder()
  node = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off' })
  client = new ApiClient(node.ready.http, (await findRunFile(home))?.token)
})
afterAll(() => node[Symbol.asyncDispose]())

const add = (peer: string) =>
  client.call('POST', '/api/peers', { body: { multiaddr: `/ip4/127.0.0.1/tcp/1/p2p/${peer}` } })
const pinned = async () => (await client.call<{ id: string }[]>('GET', '/api/peers')).map(({ id }) => id)

test('a peer that was not reached is answered as pinned, with when it is dialled', async () => {
  expect(await add(PEER)).toMatchObject({
    connected: false,
    state: 'unreachable',
    note: expect.stringContaining('pinned'),
  })
  expect(await pinned()).toEqual([PEER])
})

test('this node is no peer of its own', async () => {
  await expect(add(node.ready.peerId)).rejects.toMatchObject({ code: 'E_USAGE' })
  await expect(client.call('DELETE', `/api/peers/${node.ready.peerId}`)).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
})

test('what unfollowing everything removes goes once the network is on', async () => {
  const answer = await client.call('POST', '/api/relations', { body: { publisher: '*', action: 'unfollow' } })
  expect(answer).toMatchObject({ notice: expect.stringContaining('once the network is on') })
})

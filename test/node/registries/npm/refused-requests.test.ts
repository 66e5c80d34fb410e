import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findRunFile } from '../../../../src/cli/run-file.ts'
import { type RunningNode, startNode } from '../../../../src/node/index.ts'
import { temporaryFolder } from '../../../temporary-folder.ts'

const MIB = 2 ** 20

let node: RunningNode
let authorization: string
beforeAll(async () => {
  const home = join(await temporaryFolder(), 'home')
  node = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off' })
  authorization = `Bearer ${(await findRunFile(home))!.token}`
})
afterAll(() => node[Symbol.asyncDispose]())

/** One request with its path as it is written; the answer, its JSON, and the connection it came over. */
async function ask(path: string, agent: Agent, options: object = {}, body?: Buffer) {
  const { hostname, port } = new URL(node.ready.http)
  const asked = request({ hostname, port, path, agent, ...options })
  asked.end(body)
  const [connection] = await once(asked, 'socket')
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return { connection, status: answer.statusCode, json: await json(answer) }
}

test.each([
  ['without the token', {}, 401],
  ['that is no JSON', { authorization: 'ours' }, 400],
])('a publish %s leaves a connection that answers the next request', async (_what, given, status) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const headers = 'authorization' in given ? { authorization } : {}
  const refused = await ask('/npm/x', agent, { method: 'PUT', headers }, Buffer.alloc(32 * MIB, '{'))
  expect(refused.status).toBe(status)
  const next = await ask('/npm/-/ping', agent)
  expect([next.status, next.connection === refused.connection]).toEqual([200, true])
  agent.destroy()
})

test('a path that begins with the prefix only when it is decoded is refused', async () => {
  const agent = new Agent()
  for (const path of ['/%6epm/x', '/%6epm/-/ping', '/np%6d/-/whoami']) {
    expect(await ask(path, agent, { headers: { authorization } })).toMatchObject({ status: 400 })
  }
})

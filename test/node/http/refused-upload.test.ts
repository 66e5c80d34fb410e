import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { startNode } from '../../../src/node/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const MIB = 2 ** 20

test('an upload refused half-way leaves a connection that answers the next request', async () => {
  const home = join(await temporaryFolder(), 'home')
  const env = { HANSE_LIMITS_ARTIFACT_BYTES: String(MIB) }
  await using node = await startNode({ home, env, http: { host: '127.0.0.1', port: 0 }, network: 'off' })
  const { token } = (await findRunFile(home))!
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const upload = request(new URL('/api/publish?name=x.bin&purl=generic:x@1', node.ready.http), {
    agent,
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
  })
  upload.end(Buffer.alloc(32 * MIB))
  const [connection] = await once(upload, 'socket')
  const [refusal] = (await once(upload, 'response')) as [IncomingMessage]
  expect(await json(refusal)).toMatchObject({ error: { code: 'E_TOO_LARGE' } })
  const next = request(new URL('/livez', node.ready.http), { agent })
  next.end()
  const [answer] = (await once(next, 'response')) as [IncomingMessage]
  expect(await json(answer)).toEqual({ live: true })
  expect(next.socket).toBe(connection)
  agent.destroy()
})

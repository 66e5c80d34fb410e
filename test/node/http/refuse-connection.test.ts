import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { refuseConnection } from '../../../src/node/http/refuse-connection.ts'

/** A server that waits so long for what is sent; ms. */
function serverOf(waitMs: number): Server {
  const options = { requestTimeout: waitMs, headersTimeout: waitMs, connectionsCheckingInterval: 1 }
  const server = createServer(options, request => request.resume())
  return server.on('clientError', (error, socket) => refuseConnection(error, socket as Socket))
}

const servers = { patient: serverOf(60_000), impatient: serverOf(1) }
beforeAll(async () => {
  for (const server of Object.values(servers)) await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterAll(() => {
  for (const server of Object.values(servers)) server.close().closeAllConnections()
})

test.each([
  ['headers that never end', 'impatient', 'GET / HTTP/1.1\r\nhost: x\r\n', 408, 'E_TOO_SLOW'],
  ['a body that never ends', 'impatient', 'PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nx', 408, 'E_TOO_SLOW'],
  ['what is no HTTP', 'patient', '\0\0\0\0\r\n\r\n', 400, 'E_USAGE'],
  ['more headers than it takes', 'patient', `GET / HTTP/1.1\r\nx: ${'y'.repeat(17_000)}\r\n\r\n`, 431, 'E_TOO_LARGE'],
] as const)('%s is refused with a code', async (_what, server, sent, status, code) => {
  const socket = connect((servers[server].address() as AddressInfo).port, '127.0.0.1')
  socket.write(sent)
  const answer = await text(socket)
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ error: { code } })
})

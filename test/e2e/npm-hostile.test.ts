import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { Agent, type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeRegistry, startFakeRegistry } from '../node/upstream/fake-registry.ts'
import { PullingNode } from '../pulling-node.ts'

const MIB = 2 ** 20
const GIB = 2 ** 30
/** What a node's memory may grow by over everything in this file. */
const MAX_GROWTH_BYTES = 64 * MIB

let upstream: FakeRegistry
let node: PullingNode
let authorization: string
let before: number
const stack = new AsyncDisposableStack()

beforeAll(async () => {
  upstream = stack.use(await startFakeRegistry())
  await upstream.publish('left', '1.0.0')
  node = stack.use(await PullingNode.start(upstream.url))
  const run = JSON.parse(await readFile(join(node.home, 'run.json'), 'utf8')) as { token: string }
  authorization = `Bearer ${run.token}`
  // Everything that the node loads when it is first asked is loaded.
  expect((await ask('GET', '/npm/left')).status).toBe(200)
  expect((await ask('GET', '/npm/left/-/left-1.0.0.tgz')).status).toBe(200)
  expect((await ask('PUT', '/npm/x', '{}')).status).toBe(400)
  before = await memoryOf(node.pid)
})
afterAll(async () => {
  agent.destroy()
  await stack.disposeAsync()
})

/** Resident bytes of a process. */
async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1_024
}

interface Answer {
  readonly status: number | undefined
  /** Where the front or the server itself puts it. */
  readonly code: unknown
}

async function answerOf(sent: ClientRequest): Promise<Answer> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const body = await text(response)
  const parsed = response.headers['content-type']?.includes('json') ? JSON.parse(body) : {}
  return { status: response.statusCode, code: parsed.code ?? parsed.error?.code }
}

/** As clients do: whoever asks for its connection to be closed may lose an answer that comes while it still sends. */
const agent = new Agent({ keepAlive: true })

/** A request with its path as it is written, with the node's token. */
function send(method: string, path: string, headers: RequestOptions['headers'] = {}): ClientRequest {
  const { hostname, port } = new URL(node.url)
  const sent = request({ hostname, port, method, path, agent, headers: { authorization, ...headers } })
  sent.on('error', () => {}) // after an answer, what is left to send has nobody to read it
  return sent
}

async function ask(method: string, path: string, body: string | Buffer = '', headers: RequestOptions['headers'] = {}) {
  const sent = send(method, path, headers)
  sent.end(body)
  return await answerOf(sent)
}

const isRefusal = { status: expect.toSatisfy(isClientError), code: expect.stringMatching(/^E_[A-Z_]+$/) }
function isClientError(status: unknown): boolean {
  return typeof status === 'number' && status >= 400 && status < 500
}

describe('a path', () => {
  it.each([
    '/npm/..%2f..%2fetc%2fpasswd',
    '/npm/%2e%2e/%2e%2e/etc/passwd',
    '/npm/../api/config',
    '/npm/%2e%2e%2fapi%2fconfig',
    '/npm/%252e%252e%252fx',
    '/npm/..%5c..%5cx',
    '/npm/@a%2f..%2f..%2fx',
    '/npm/@a%2fb%2fc',
    '/npm/x/-/..%2f..%2fx-1.0.0.tgz',
    '/npm/x/-/x-..%2f..%2f1.0.0.tgz',
    '/npm/-/package/..%2fx/dist-tags',
    '/npm//x',
    '/npm/x%00',
    '/npm/x%00.tgz',
    '/npm/x/-/x-1.0.0%00.tgz',
    '/npm/-/package/x%00/dist-tags',
    '/npm/-/user/org.couchdb.user:%00',
    '/npm/%ff%fe',
    '/npm/%',
    '/npm/x%0d%0aset-cookie:a',
    `/npm/${'x'.repeat(10_000)}`,
    '/npm/__proto__',
    '/npm/__proto__/1.0.0',
    '/npm/__proto__/-/__proto__-1.0.0.tgz',
    '/npm/@__proto__%2f__proto__',
    '/npm/left/__proto__',
    '/npm/left/constructor',
    '/npm/left/-/left-__proto__.tgz',
    '/npm/-/package/__proto__/dist-tags',
    '/npm/node_modules',
  ])('%j is refused with a code, and upstream hears of nothing', async path => {
    const asked = upstream.requests.length
    expect(await ask('GET', path)).toEqual(isRefusal)
    expect(upstream.requests.slice(asked).filter(each => each.path !== '/left')).toEqual([])
  })
})

describe('a body', () => {
  const publishOf = (given: object) => JSON.stringify({ name: 'x', ...given })
  it.each([
    ['that is no JSON', '/npm/x', '{'],
    ['that is no object', '/npm/x', '[]'],
    ['that is no UTF-8', '/npm/x', Buffer.from([0x7b, 0xff, 0x7d])],
    ['nested a million levels deep', '/npm/x', '['.repeat(MIB)],
    ['nested deep in an object', '/npm/x', '{"a":'.repeat(200_000)],
    ['that ends in the tarball', '/npm/x', '{"_attachments":{"x":{"data":"AAAA'],
    ['whose tarball is no base64', '/npm/x', publishOf({ _attachments: { x: { data: '!!!!' } } })],
    ['with two tarballs', '/npm/x', publishOf({ _attachments: { a: { data: 'AAAA' }, b: { data: 'AAAA' } } })],
    ['of __proto__', '/npm/__proto__', JSON.stringify({ name: '__proto__' })],
    ['of another name', '/npm/x', publishOf({ name: '__proto__' })],
    ['with versions of __proto__', '/npm/x', '{"name":"x","versions":{"__proto__":{"deprecated":"y"}}}'],
    ['with __proto__ all over', '/npm/x', '{"__proto__":{"name":"x"},"_attachments":{"__proto__":{"data":"AAAA"}}}'],
    [
      'whose tarball is none',
      '/npm/x',
      publishOf({ versions: { '1.0.0': {} }, _attachments: { x: { data: 'AAAA' } } }),
    ],
    ['of a document without end', '/npm/x', Buffer.alloc(32 * MIB, 'x')],
    ['of a tag that is no JSON', '/npm/-/package/x/dist-tags/latest', '{'],
    ['of a tag without end', '/npm/-/package/x/dist-tags/latest', Buffer.alloc(4 * MIB, '"')],
    ['of a tag __proto__', '/npm/-/package/x/dist-tags/__proto__', '"1.0.0"'],
    ['of a login that is no JSON', '/npm/-/user/org.couchdb.user:a', 'x'],
    ['of a login as __proto__', '/npm/-/user/org.couchdb.user:__proto__', '{"__proto__":{"name":"__proto__"}}'],
  ])('%s is refused with a code', async (_what, path, body) => {
    expect(await ask('PUT', path, body)).toEqual(isRefusal)
  })

  it('of 1 GB that says so is refused before it is sent', async () => {
    const sent = send('PUT', '/npm/big', { 'content-length': GIB, expect: '100-continue' })
    sent.flushHeaders()
    expect(await answerOf(sent)).toEqual({ status: 413, code: 'E_TOO_LARGE' })
    sent.destroy()
  })

  it('of 1 GB that does not say so is refused on the way', async () => {
    const sent = send('PUT', '/npm/big', { 'transfer-encoding': 'chunked' })
    const answer = answerOf(sent)
    const sentBytes = await pour(sent, '{"name":"big","_attachments":{"big-1.0.0.tgz":{"data":"')
    expect(await answer).toEqual({ status: 413, code: 'E_TOO_LARGE' })
    // 100 MiB are allowed, 4/3 of it in base64; the rest lay in sockets.
    expect(sentBytes).toBeLessThan(GIB / 4)
  })
})

/** Sends a beginning and then base64 until the other side has had enough; how many bytes it took. */
async function pour(sent: ClientRequest, beginning: string): Promise<number> {
  const chunk = Buffer.alloc(MIB, 'A')
  const over = new AbortController()
  sent.once('response', () => over.abort())
  sent.once('close', () => over.abort())
  sent.write(beginning)
  let bytes = 0
  for (; bytes < GIB && !over.signal.aborted; bytes += chunk.length) {
    if (!sent.write(chunk)) await once(sent, 'drain', { signal: over.signal }).catch(() => {})
  }
  return bytes
}

describe('a connection', () => {
  /** Sends text as it is; everything that comes back until the node closes. */
  async function raw(sentText: string): Promise<string> {
    const { hostname, port } = new URL(node.url)
    const socket = connect(Number(port), hostname).setEncoding('utf8')
    let answer = ''
    socket.on('data', part => {
      answer += part
    })
    socket.on('error', () => {}) // it closes on who goes on sending
    socket.write(sentText)
    await once(socket, 'close').catch(() => {})
    return answer
  }
  const withHeaders = (bytes: number) => `GET /npm/left HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ${'y'.repeat(bytes)}\r\n\r\n`

  it('with more headers than a node takes is refused', async () => {
    const answer = await raw(withHeaders(17_000))
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
    expect(answer).toContain('E_TOO_LARGE')
    // So many that the connection breaks over them: nothing is served either.
    expect(await raw(withHeaders(16 * MIB))).not.toContain('200 OK')
  })

  it.each(['\0\0\0\0\r\n\r\n', 'GET /npm/left\r\n\r\n', 'GET /npm/le ft HTTP/1.1\r\n\r\n'])(
    'with %j is refused',
    async sent => {
      const answer = await raw(sent)
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /)
      expect(answer).toContain('"E_')
    },
  )

  it.each(['evil.example', 'evil.example:7700', '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1'])(
    'that asks for %s is not answered: it may be a page elsewhere',
    async host => {
      expect(await ask('GET', '/npm/left', '', { host })).toEqual(isRefusal)
      expect(await ask('PUT', '/npm/-/user/org.couchdb.user:a', '{}', { host })).toEqual(isRefusal)
    },
  )

  it('that never ends its body keeps nobody else from being served', async () => {
    const { hostname, port } = new URL(node.url)
    const slow: Socket[] = []
    const head = `PUT /npm/slow HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: ${authorization}\r\ncontent-length: 1000000\r\n\r\n{`
    for (let at = 0; at < 200; at++) {
      const socket = connect(Number(port), hostname)
      await once(socket, 'connect')
      socket.on('error', () => {})
      socket.write(head)
      slow.push(socket)
    }
    expect((await ask('GET', '/npm/left')).status).toBe(200)
    expect((await ask('GET', '/npm/-/ping')).status).toBe(200)
    for (const socket of slow) socket.destroy()
  })
})

it('after all of that the node serves, has logged no fault of its own and needs no more memory', async () => {
  expect((await ask('GET', '/npm/left')).status).toBe(200)
  expect((await ask('GET', '/readyz')).status).toBe(200)
  expect(node.log()).not.toContain('E_INTERNAL')
  expect((await memoryOf(node.pid)) - before).toBeLessThan(MAX_GROWTH_BYTES)
})

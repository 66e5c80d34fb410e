import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { type Published, publishFile } from '../../../src/cli/publish-path.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { layoutOf } from '../../../src/federation/index.ts'
import { startNode } from '../../../src/node/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const MIB = 1 << 20
const bytes = randomBytes(2 * MIB + 300)
const stack = new AsyncDisposableStack()
let open: Served
let closed: Served

interface Served {
  readonly url: string
  readonly client: ApiClient
  readonly published: Published
}

/** A node behind a proxy, so that nobody counts as this machine, with one release. */
async function serve(isPublic: boolean, env: Readonly<Record<string, string>>): Promise<Served> {
  const folder = await temporaryFolder()
  const home = join(folder, 'home')
  const http = { host: '127.0.0.1', port: 0 }
  const proxied = { HANSE_HTTP_PUBLIC_URL: 'https://packages.example.org', ...env }
  const node = stack.use(await startNode({ home, http, network: 'off', env: proxied }))
  const client = new ApiClient(node.ready.http, (await findRunFile(home))?.token)
  await writeFile(join(folder, 'plans.bin'), bytes)
  const published = await publishFile(client, join(folder, 'plans.bin'), {
    purl: 'pkg:generic/plans@1',
    public: isPublic,
  })
  return { url: node.ready.http, client, published }
}

beforeAll(async () => {
  open = await serve(true, { HANSE_HTTP_PUBLIC_BYTES: '1' })
  closed = await serve(false, { HANSE_HTTP_PUBLIC_BYTES: '1' })
})
afterAll(() => stack.disposeAsync())

const artifact = ({ url, published }: Served, init?: RequestInit) =>
  fetch(`${url}/artifacts/sha256/${published.sha256}`, init)
const bodyOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer())

test('bytes of a public release are had by digest and by CID, without a token and for ever', async () => {
  for (const path of [`artifacts/sha256/${open.published.sha256}`, `ipfs/${open.published.cid}`]) {
    const answer = await fetch(`${open.url}/${path}`)
    expect([answer.status, Object.fromEntries(answer.headers)]).toMatchObject([
      200,
      {
        'content-type': 'application/octet-stream',
        'content-length': String(bytes.length),
        'cache-control': 'public, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
        'accept-ranges': 'bytes',
        etag: `"${open.published.sha256}"`,
      },
    ])
    expect((await bodyOf(answer)).equals(bytes)).toBe(true)
  }
})

test('HEAD has the headers alone, a known ETag nothing', async () => {
  const head = await artifact(open, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-length'), (await bodyOf(head)).length]).toEqual([
    200,
    String(bytes.length),
    0,
  ])
  const part = await artifact(open, { method: 'HEAD', headers: { range: 'bytes=0-9' } })
  expect([part.status, part.headers.get('content-length')]).toEqual([200, String(bytes.length)])
  const known = await artifact(open, { headers: { 'if-none-match': `"x", "${open.published.sha256}"` } })
  expect([known.status, (await bodyOf(known)).length]).toEqual([304, 0])
})

test.each([
  ['bytes=0-9', 0, 10],
  [`bytes=${MIB - 1}-${MIB}`, MIB - 1, MIB + 1],
  [`bytes=${MIB}-`, MIB, bytes.length],
  ['bytes=-5', bytes.length - 5, bytes.length],
])('%s is answered with that part', async (range, start, end) => {
  const answer = await artifact(open, { headers: { range } })
  expect([answer.status, answer.headers.get('content-range')]).toEqual([
    206,
    `bytes ${start}-${end - 1}/${bytes.length}`,
  ])
  expect((await bodyOf(answer)).equals(bytes.subarray(start, end))).toBe(true)
})

test('a part outside is refused and not kept, a part of other bytes is answered whole', async () => {
  const outside = await artifact(open, { headers: { range: `bytes=${bytes.length}-` } })
  expect([outside.status, outside.headers.get('cache-control')]).toEqual([416, 'no-store'])
  const other = await artifact(open, { headers: { range: 'bytes=0-9', 'if-range': '"other"' } })
  expect([other.status, (await bodyOf(other)).length]).toEqual([200, bytes.length])
})

test('a single block is had as trustless gateways give it', async () => {
  const { cid, leaves, rootBlock } = await layoutOf([bytes])
  const ask = async (id: string, init?: RequestInit) => await fetch(`${open.url}/ipfs/${id}`, init)
  const leaf = await ask(`${leaves[2]}?format=raw`)
  expect([leaf.status, leaf.headers.get('content-type')]).toEqual([200, 'application/vnd.ipld.raw'])
  expect((await bodyOf(leaf)).equals(bytes.subarray(2 * MIB))).toBe(true)
  const root = await ask(cid, { headers: { accept: 'application/vnd.ipld.raw' } })
  expect((await bodyOf(root)).equals(Buffer.from(rootBlock!))).toBe(true)
  expect((await ask(leaves[2]!)).status).toBe(404)
  expect((await ask('nothing')).status).toBe(400)
})

test('bytes of a private release look like bytes that are not here, and are not kept as such', async () => {
  const { leaves } = await layoutOf([bytes])
  const { sha256, cid } = closed.published
  const token = (
    await closed.client.call<{ token: string }>('POST', '/api/tokens', { body: { name: 'ci', scope: 'read' } })
  ).token
  for (const path of [
    `artifacts/sha256/${sha256}`,
    `ipfs/${cid}`,
    `ipfs/${cid}?format=raw`,
    `ipfs/${leaves[0]}?format=raw`,
  ]) {
    for (const headers of [{}, { authorization: `Bearer ${token}` }]) {
      const answer = await fetch(`${closed.url}/${path}`, { headers })
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([404, 'no-store'])
      expect(await answer.json()).toMatchObject({ error: { code: 'E_NOT_FOUND' } })
    }
  }
})

test('unless the setting opens it, nobody reads without a token', async () => {
  const node = await serve(true, {})
  expect([(await artifact(node)).status, (await fetch(`${node.url}/ipfs/${node.published.cid}`)).status]).toEqual([
    401, 401,
  ])
  const { token } = await node.client.call<{ token: string }>('POST', '/api/tokens', {
    body: { name: 'ci', scope: 'read' },
  })
  const answer = await artifact(node, { headers: { authorization: `Bearer ${token}` } })
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'private, max-age=31536000, immutable'])
  await answer.arrayBuffer()
})

test('nothing else is opened by it', async () => {
  for (const path of ['api/status', 'metrics', `api/artifacts/${open.published.sha256}`, 'npm/plans'])
    expect([path, (await fetch(`${open.url}/${path}`)).status]).toEqual([path, 401])
})

test('what is purged is answered as such, also by its blocks', async () => {
  await open.client.call('POST', '/api/purges', { body: { what: open.published.cid, legal: 'order 12/345' } })
  const { sha256, cid } = open.published
  for (const path of [`artifacts/sha256/${sha256}`, `ipfs/${cid}`, `ipfs/${cid}?format=raw`]) {
    const answer = await fetch(`${open.url}/${path}`)
    expect([path, answer.status, answer.headers.get('cache-control')]).toEqual([path, 451, 'no-store'])
  }
})

import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { type RunningNode, startNode } from '../../../src/node/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const stack = new AsyncDisposableStack()
afterAll(async () => await stack.disposeAsync())

interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Status of an answer, and its code where it has one. */
async function ask(node: RunningNode, path: string, { method = 'GET', headers = {} }: Asked = {}) {
  const { hostname, port } = new URL(node.ready.http)
  const sent = request({ hostname, port, method, path, headers })
  sent.end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  const body = await text(answer)
  const isJson = answer.headers['content-type']?.includes('json') === true && body !== ''
  const parsed = isJson ? (JSON.parse(body) as { code?: string; error?: { code?: string } }) : {}
  return [answer.statusCode, parsed.code ?? parsed.error?.code]
}

async function started(config = ''): Promise<{ readonly node: RunningNode; readonly token: string }> {
  const home = await temporaryFolder()
  await writeFile(join(home, 'config.yaml'), config)
  const node = stack.use(await startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off' }))
  return { node, token: (await findRunFile(home))!.token }
}

describe('a page of another site, in a browser of the machine that may read', () => {
  let node: RunningNode
  beforeAll(async () => {
    node = (await started()).node
  })

  it.each([
    ['/npm/hull', 'cross-site', 'no-cors', 'script'],
    ['/npm/hull/-/hull-1.0.0.tgz', 'cross-site', 'no-cors', 'image'],
    ['/npm/hull/-/hull-1.0.0.tgz', 'cross-site', 'navigate', 'document'],
    ['/npm/hull', 'same-site', 'cors', 'empty'],
    ['/api/why?purl=npm:hull', 'cross-site', 'navigate', 'document'],
    ['/why/last', 'cross-site', 'navigate', 'iframe'],
    ['/why/last', 'cross-site', 'no-cors', 'image'],
    ['/why/last?purl=/why/', 'cross-site', 'cors', 'empty'],
    ['/metrics', 'cross-site', 'no-cors', 'image'],
  ])('gets nothing of %s (%s, %s, %s)', async (path, site, mode, dest) => {
    const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest }
    expect(await ask(node, path, { headers })).toEqual([403, path.startsWith('/why') ? undefined : 'E_FORBIDDEN'])
    expect(await ask(node, path, { headers, method: 'HEAD' })).toEqual([403, undefined])
  })

  it('may lead a person to a page of the node', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    expect(await ask(node, '/why/last', { headers })).toEqual([200, undefined])
  })

  it.each(['none', 'same-origin'])('is not what a browser shows that was sent there itself (%s)', async site => {
    const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    expect(await ask(node, '/api/status', { headers })).toEqual([200, undefined])
  })
})

test('a page whose name leads here does not pass for a trusted proxy of this machine', async () => {
  const { node } = await started('http: { publicUrl: "https://packages.example", trustedProxies: [127.0.0.1] }\n')
  const claims = { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-host': '127.0.0.1', 'x-forwarded-proto': 'https' }
  for (const path of ['/api/status', '/npm/hull', '/why/last']) {
    const [status] = await ask(node, path, { headers: { ...claims, host: 'rebound.example' } })
    expect(status).toBe(403)
  }
  const passedOn = { ...claims, 'x-forwarded-host': 'packages.example', 'x-forwarded-for': '192.0.2.7' }
  expect(await ask(node, '/api/status', { headers: { ...passedOn, host: 'packages.example' } })).toEqual([
    401,
    'E_UNAUTHORISED',
  ])
})

test.each(['/api/publish?name=x.tgz', '/api/advisories', '/api/policy/accepted'])(
  '%s takes bytes alone, and says so',
  async path => {
    const { node, token } = await started()
    const authorization = `Bearer ${token}`
    for (const type of ['application/json', 'text/plain']) {
      const answer = await fetch(new URL(path, node.ready.http), {
        ...{ method: 'POST', headers: { authorization, 'content-type': type }, body: '{}' },
      })
      expect([answer.status, await answer.json()]).toMatchObject([400, { error: { code: 'E_USAGE' } }])
    }
    expect(await ask(node, path, { method: 'POST', headers: { authorization } })).toEqual([400, 'E_USAGE'])
  },
)

const ownAddress = Object.values(networkInterfaces())
  .flatMap((addresses = []) => addresses)
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address

test.skipIf(ownAddress === undefined)('a machine may send itself a token at any address of its own', async () => {
  const home = await temporaryFolder()
  await using node = await startNode({ home, http: { host: ownAddress!, port: 0 }, network: 'off' })
  const { token } = (await findRunFile(home))!
  expect(await new ApiClient(node.ready.http, token).call('GET', '/api/tokens')).toEqual([])
  expect(await ask(node, '/api/tokens', { headers: { authorization: `Bearer ${token}` } })).toEqual([200, undefined])
  expect(await ask(node, '/api/status')).toEqual([401, 'E_UNAUTHORISED'])
})

test('metrics are for who may read', async () => {
  const { node, token } = await started()
  const elsewhere = { 'x-forwarded-for': '192.0.2.7' }
  expect(await ask(node, '/metrics')).toEqual([200, undefined])
  expect(await ask(node, '/metrics', { headers: elsewhere })).toEqual([401, 'E_UNAUTHORISED'])
  const authorization = `Bearer ${token}`
  expect(await ask(node, '/metrics', { headers: { ...elsewhere, authorization } })).toEqual([200, undefined])
})

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { errorOf, hanse, NodeProcess } from './hanse-process.ts'
import { NpmClient } from './npm-client.ts'
import { npmTarball } from './npm-package.ts'

let node: NodeProcess
const stack = new AsyncDisposableStack()
beforeAll(async () => {
  node = stack.use(await NodeProcess.start(['--network', 'off']))
})
afterAll(async () => await stack.disposeAsync())

/** A new token's text. */
async function token(name: string, scope: string, ...more: string[]): Promise<string> {
  return (await node.run('token', 'create', '--name', name, '--scope', scope, ...more)).token as string
}

const project = (npm: NpmClient, name: string) =>
  npm.project(name.replace(/[@/]/g, '_'), { 'package.json': { name, version: '1.0.0' }, 'index.js': '' })

/** npm's login, as `npm login --auth-type=legacy` sends it. */
async function login(password: string): Promise<unknown> {
  const answer = await fetch(`${node.ready.http}/npm/-/user/org.couchdb.user:ann`, {
    method: 'PUT',
    body: JSON.stringify({ _id: 'org.couchdb.user:ann', name: 'ann', password, type: 'user', roles: [] }),
  })
  return [answer.status, await answer.json()]
}

/** Runs a command at the node from elsewhere, with a token. */
const from = (text: string, ...args: string[]) => hanse([...args, '--json', '--node', node.ready.http, '--token', text])

test('npm logs in with a publish token, and publishes what its pattern names and nothing else', async () => {
  const text = await token('ci', 'publish', '--names', 'npm:@acme/*', '--expires', '90d')
  expect(await login('guess')).toEqual([401, expect.objectContaining({ code: 'E_UNAUTHORISED' })])
  expect(await login(text)).toEqual([201, expect.objectContaining({ ok: true, token: text })])
  await using npm = await NpmClient.open(`${node.ready.http}/npm/`, text)
  const [hull, other] = [await project(npm, '@acme/hull'), await project(npm, '@other/hull')]
  expect((await npm.run(hull, 'whoami')).out.trim()).toBe('ci')
  await npm.run(hull, 'publish')
  const refused = await npm.try(other, 'publish')
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('403 E_FORBIDDEN')])
  expect(refused.err).toContain('ci may publish npm:@acme/*, and not npm:@other/hull')
  await node.run('publish', (await npmTarball({ name: '@other/hull', version: '1.0.0' })).path)
  await npm.run(hull, 'dist-tag', 'add', '@acme/hull@1.0.0', 'stable')
  expect((await npm.try(other, 'dist-tag', 'add', '@other/hull@1.0.0', 'stable')).err).toContain('E_FORBIDDEN')
  expect((await npm.try(other, 'deprecate', '@other/hull@1.0.0', 'leaks')).err).toContain('E_FORBIDDEN')
  expect((await npm.run(hull, 'token', 'list', '--json')).out).toContain('"user": "ci"')
  expect((await npm.run(hull, 'profile', 'get', 'name')).out.trim()).toBe('ci')
  await npm.run(hull, 'logout')
  expect((await from(text, 'status')).code).toBe(0)
}, 60_000)

test('the same token publishes with hanse, judged by the name in the archive', async () => {
  const text = await token('pipeline', 'publish', '--names', 'npm:@acme/*')
  const [ours, theirs] = [
    { name: '@acme/mast', version: '1.0.0' },
    { name: 'mast', version: '1.0.0' },
  ]
  expect((await from(text, 'publish', (await npmTarball(ours)).path)).json).toMatchObject({
    purl: 'pkg:npm/%40acme/mast@1.0.0',
  })
  expect(errorOf(await from(text, 'publish', (await npmTarball(theirs)).path))).toEqual([4, 'E_FORBIDDEN'])
  expect((await node.try('info', 'npm:mast')).code).toBe(3)
  expect(errorOf(await from(text, 'route', 'add', 'npm:x', 'nowhere'))).toEqual([4, 'E_FORBIDDEN'])
})

test('a read token reads and does nothing else; an admin token makes tokens, and the audit log names it', async () => {
  const [read, admin] = [await token('office', 'read'), await token('ann', 'admin')]
  expect((await from(read, 'status')).code).toBe(0)
  expect(errorOf(await from(read, 'token', 'list'))).toEqual([4, 'E_FORBIDDEN'])
  expect(errorOf(await from(read, 'publish', (await npmTarball({ name: 'x', version: '1.0.0' })).path))).toEqual([
    4,
    'E_FORBIDDEN',
  ])
  expect((await from(admin, 'token', 'create', '--name', 'bob', '--scope', 'read')).code).toBe(0)
  const audit = (await readFile(join(node.home, 'audit.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(audit.at(-1)).toMatchObject({ who: 'ann', what: 'token.create', name: 'bob', scope: 'read' })
  expect(await readFile(join(node.home, 'audit.jsonl'), 'utf8')).not.toContain(admin)
})

test('tokens outlive a restart; revoked and expired ones are nobody’s', async () => {
  const [kept, revoked] = [await token('kept', 'admin'), await token('gone', 'admin')]
  await token('late', 'admin', '--expires', '1h')
  await node.run('token', 'revoke', 'gone')
  await node.end('SIGTERM')
  const file = join(node.home, 'state/tokens.json')
  const text = await readFile(file, 'utf8')
  expect(text).not.toContain(kept)
  const document = JSON.parse(text) as { tokens: { name: string; expiresAt: number | null }[] }
  for (const each of document.tokens) if (each.name === 'late') each.expiresAt = 1
  await writeFile(file, JSON.stringify(document))
  await node.restart()
  expect((await from(kept, 'token', 'list')).code).toBe(0)
  expect(errorOf(await from(revoked, 'token', 'list'))).toEqual([4, 'E_UNAUTHORISED'])
  const list = (await node.run('token', 'list')) as unknown as {
    name: string
    state: string
    lastUsed: string | null
  }[]
  expect(list.find(({ name }) => name === 'late')).toMatchObject({ state: 'expired', lastUsed: null })
  expect(list.find(({ name }) => name === 'kept')?.lastUsed).toMatch(/^\d{4}-\d\d-\d\d$/)
  expect(list.map(({ name }) => name)).not.toContain('gone')
})

test('behind a trusted proxy no token comes in the clear, and a client is who the proxy says', async () => {
  const text = await token('far', 'admin')
  await node.end('SIGTERM')
  const config = join(node.home, 'config.yaml')
  const before = await readFile(config, 'utf8')
  await writeFile(config, before.replace(/^http:\n/m, 'http:\n  trustedProxies: [127.0.0.1]\n'))
  await node.restart()
  const ask = async (path: string, headers: Record<string, string>, method = 'GET', body?: string) => {
    const given = body === undefined ? {} : { body }
    const answer = await fetch(`${node.ready.http}${path}`, { method, headers, ...given })
    return [answer.status, JSON.stringify(await answer.json())] as const
  }
  const client = { 'x-forwarded-for': '192.0.2.7' }
  const bearer = { authorization: `Bearer ${text}` }
  expect(await ask('/api/status', client)).toEqual([401, expect.stringContaining('E_UNAUTHORISED')])
  expect(await ask('/api/status', { ...client, ...bearer })).toEqual([403, expect.stringContaining('E_PLAIN_HTTP')])
  expect(await ask('/npm/-/whoami', { ...client, ...bearer })).toEqual([403, expect.stringContaining('E_PLAIN_HTTP')])
  const body = JSON.stringify({ name: 'ann', password: text })
  const loginPath = '/npm/-/user/org.couchdb.user:ann'
  expect(await ask(loginPath, client, 'PUT', body)).toEqual([403, expect.stringContaining('E_PLAIN_HTTP')])
  const tls = { ...client, 'x-forwarded-proto': 'https' }
  expect(await ask(loginPath, tls, 'PUT', body)).toEqual([201, expect.stringContaining(text)])
  expect(await ask('/npm/-/whoami', { ...tls, ...bearer })).toEqual([200, '{"username":"far"}'])
  expect(await ask('/api/why/last', { ...tls, ...bearer })).toEqual([200, expect.stringContaining('"who":["far"]')])
  await node.end('SIGTERM')
  await writeFile(config, before)
  await node.restart()
})

test('names, scopes and lives that are none are refused before anything is made', async () => {
  const create = (...args: string[]) => node.try('token', 'create', ...args)
  expect(errorOf(await create('--scope', 'read'))).toEqual([2, 'E_USAGE'])
  expect(errorOf(await create('--name', 'x', '--scope', 'root'))).toEqual([2, 'E_USAGE'])
  expect(errorOf(await create('--name', 'local', '--scope', 'read'))).toEqual([2, 'E_USAGE'])
  expect(errorOf(await create('--name', 'x', '--scope', 'read', '--expires', 'soon'))).toEqual([2, 'E_USAGE'])
  expect(errorOf(await create('--name', 'x', '--scope', 'publish', '--names', 'npm:['))).toEqual([2, 'E_USAGE'])
  expect(errorOf(await create('--name', 'kept', '--scope', 'read'))).toEqual([1, 'E_NAME_TAKEN'])
  expect(errorOf(await node.try('token', 'revoke', 'nobody'))).toEqual([3, 'E_NOT_FOUND'])
})

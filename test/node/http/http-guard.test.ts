import fastify, { type FastifyRequest } from 'fastify'
import { expect, test } from 'vitest'
import { type GuardedServer, HttpGuard } from '../../../src/node/http/http-guard.ts'
import { type Scope, type Token, tokenDigestOf } from '../../../src/node/tokens/index.ts'
import type { PackageName, Pattern } from '../../../src/protocol/index.ts'

const NOW = Date.UTC(2026, 0, 1)

const tokenOf = (name: string, scope: Scope, more: Partial<Token> = {}): Token => ({
  ...{ name, scope, names: null, sha256: tokenDigestOf(name), createdAt: 0, expiresAt: null, lastUsedDay: null },
  ...more,
})
/** The text of each is its name. */
const TOKENS = [
  tokenOf('reader', 'read'),
  tokenOf('ci', 'publish', { names: ['npm:@acme/*' as Pattern] }),
  tokenOf('author', 'publish'),
  tokenOf('boss', 'admin', { expiresAt: NOW + 1 }),
  tokenOf('old', 'admin', { expiresAt: NOW }),
]

const LOCAL: GuardedServer = {
  ...{ host: '127.0.0.1', publicUrl: null, token: 'secret', openReads: false, trustedProxies: [], now: () => NOW },
  tokens: { find: text => TOKENS.find(({ name }) => name === text) ?? null, use: () => {} },
}
const FOR_ALL = { ...LOCAL, host: '0.0.0.0' }
const PUBLIC = { ...LOCAL, publicUrl: 'https://packages.example/' }
const BEHIND = { ...PUBLIC, trustedProxies: ['127.0.0.1'] }
const FAR = { ...FOR_ALL, publicUrl: 'https://packages.example/', trustedProxies: ['10.0.0.0/24', 'fd00::7'] }

interface Asked {
  readonly from?: string
  readonly method?: 'GET' | 'POST'
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What a guard says of a request as fastify reads it. */
async function ask<T>(
  server: GuardedServer,
  { from = '127.0.0.1', method = 'GET', token, headers = {} }: Asked,
  question: (guard: HttpGuard, request: FastifyRequest) => T,
): Promise<T> {
  const guard = new HttpGuard(server)
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const app = fastify({
    trustProxy: guard.proxies.isEmpty ? false : address => guard.proxies.trusts(address),
  })
  app.all('/', async request => {
    const answer = async () => question(guard, request)
    await answer().then(resolve, reject)
    return {}
  })
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const given = { host: '127.0.0.1:7700', ...authorization, ...headers }
  await app.inject({ method, url: '/', remoteAddress: from, headers: given })
  return await promise
}

/** `ok`, or the code of the refusal. */
const codeOf = (work: () => unknown): string => {
  try {
    work()
    return 'ok'
  } catch (error) {
    return (error as { code: string }).code
  }
}
const mayRead = (server: GuardedServer, asked: Asked) =>
  ask(server, asked, (guard, request) => codeOf(() => guard.require('read', request)))
const may = (scope: Scope, token: string | undefined) =>
  ask(LOCAL, token === undefined ? {} : { token }, (guard, request) => codeOf(() => guard.require(scope, request)))
const mayPublish = (token: string, name: string) =>
  ask(LOCAL, { token }, (guard, request) => codeOf(() => guard.requirePublish(name as PackageName, request)))

test.each([
  ['reader', ['ok', 'E_FORBIDDEN', 'E_FORBIDDEN']],
  ['ci', ['ok', 'ok', 'E_FORBIDDEN']],
  ['author', ['ok', 'ok', 'E_FORBIDDEN']],
  ['boss', ['ok', 'ok', 'ok']],
  ['secret', ['ok', 'ok', 'ok']],
  ['old', ['ok', 'E_UNAUTHORISED', 'E_UNAUTHORISED']],
  ['nobody', ['ok', 'E_UNAUTHORISED', 'E_UNAUTHORISED']],
  [undefined, ['ok', 'E_UNAUTHORISED', 'E_UNAUTHORISED']],
] as const)('on this machine the token %s may read, publish, administer: %j', async (token, codes) => {
  expect(await Promise.all((['read', 'publish', 'admin'] as const).map(scope => may(scope, token)))).toEqual(codes)
})

test.each([
  ['ci', 'pkg:npm/%40acme/x', 'ok'],
  ['ci', 'pkg:npm/%40acmeX/x', 'E_FORBIDDEN'],
  ['ci', 'pkg:pypi/acme', 'E_FORBIDDEN'],
  ['author', 'pkg:pypi/acme', 'ok'],
  ['secret', 'pkg:pypi/acme', 'ok'],
  ['reader', 'pkg:npm/%40acme/x', 'E_FORBIDDEN'],
  ['old', 'pkg:npm/%40acme/x', 'E_UNAUTHORISED'],
])('the token %s publishes %s: %s', async (token, name, code) => {
  expect(await mayPublish(token, name)).toBe(code)
})

test('a refusal names the scope that is missing, the names, the day of expiry', async () => {
  const said = (token: string | undefined, question: (guard: HttpGuard, request: FastifyRequest) => void) =>
    ask(LOCAL, token === undefined ? {} : { token }, question).then(
      () => '',
      (error: Error & { hint: string }) => `${error.message} | ${error.hint}`,
    )
  expect(await said(undefined, (guard, request) => guard.require('publish', request))).toMatch(
    /needs a token with scope publish \| .*hanse token create --name NAME --scope publish/,
  )
  expect(await said('reader', (guard, request) => guard.require('admin', request))).toMatch(
    /reader has scope read, and this needs admin/,
  )
  expect(await said('ci', (guard, request) => guard.requirePublish('pkg:npm/left' as PackageName, request))).toMatch(
    /ci may publish npm:@acme\/\*, and not npm:left/,
  )
  expect(await said('old', (guard, request) => guard.require('admin', request))).toMatch(
    /old expired at 2026-01-01T00:00:00/,
  )
})

test.each([
  ['plainly', LOCAL, {}],
  ['by name', LOCAL, { headers: { host: 'localhost' } }],
  ['by IPv6', LOCAL, { from: '::1', headers: { host: '[::1]:7700' } }],
  ['by mapped IPv4', LOCAL, { from: '::ffff:127.0.0.1' }],
  ['at a public address that is this machine', { ...LOCAL, publicUrl: 'http://localhost:7700' }, {}],
  ['beside a proxy that is known', BEHIND, {}],
  ['through a proxy that is known', BEHIND, { headers: { 'x-forwarded-for': '127.0.0.1' } }],
] as const)('this machine reads without a token: %s', async (_how, server, asked) => {
  expect(await mayRead(server, asked)).toBe('ok')
})

test.each([
  ['a name that is not of this machine', LOCAL, { headers: { host: 'packages.example' } }],
  ['another machine', LOCAL, { from: '192.0.2.7' }],
  ...['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'].map(
    name => [name, LOCAL, { headers: { [name]: '127.0.0.1' } }] as const,
  ),
  ['a public address, whose proxy need not name itself', PUBLIC, {}],
  ['a server for all', FOR_ALL, {}],
  ['a client elsewhere, behind the proxy', BEHIND, { headers: { 'x-forwarded-for': '192.0.2.7' } }],
  ['a client that invents a hop', BEHIND, { headers: { 'x-forwarded-for': '127.0.0.1, 192.0.2.7' } }],
  ['a hop that is no address', BEHIND, { headers: { 'x-forwarded-for': 'localhost' } }],
  ['a proxy of which only one address is named', { ...BEHIND, host: 'localhost' }, {}],
  ['a proxy that says it asks for nobody', BEHIND, { headers: { 'x-forwarded-for': '' } }],
  ['a proxy that only says via', BEHIND, { headers: { via: '1.1 x' } }],
  ['a stranger who plays the proxy', FAR, { from: '192.0.2.7', headers: { 'x-forwarded-for': '127.0.0.1' } }],
] as const)('nothing is read without a token: %s', async (_why, server, asked) => {
  expect(await mayRead(server, asked)).toBe('E_UNAUTHORISED')
  expect(await mayRead(server, { ...asked, token: 'reader' })).toBe('ok')
})

test('open reads are for everybody who reaches the address, and open nothing else', async () => {
  const open = { ...FOR_ALL, openReads: true }
  expect(await mayRead(open, { from: '192.0.2.7' })).toBe('ok')
  const codes = await ask(open, { from: '192.0.2.7' }, (guard, request) =>
    (['publish', 'admin'] as const).map(scope => codeOf(() => guard.require(scope, request))),
  )
  expect(codes).toEqual(['E_UNAUTHORISED', 'E_UNAUTHORISED'])
})

const FOR_CLIENT = { 'x-forwarded-for': '192.0.2.7' }
const TLS = { 'x-forwarded-proto': 'https' }
test.each([
  ['this machine', 'ok', LOCAL, {}],
  ['another machine', 'E_PLAIN_HTTP', FOR_ALL, { from: '192.0.2.7' }],
  ['another machine that claims TLS', 'E_PLAIN_HTTP', FOR_ALL, { from: '192.0.2.7', headers: TLS }],
  ['the same beside trusted proxies', 'E_PLAIN_HTTP', FAR, { from: '192.0.2.7', headers: TLS }],
  ['a neighbour of the trusted network', 'E_PLAIN_HTTP', FAR, { from: '10.0.1.7', headers: TLS }],
  ['a trusted proxy that does not say TLS', 'E_PLAIN_HTTP', FAR, { from: '10.0.0.7', headers: FOR_CLIENT }],
  ['a trusted proxy without TLS', 'E_PLAIN_HTTP', FAR, { from: '10.0.0.7', headers: { 'x-forwarded-proto': 'http' } }],
  ['a trusted proxy with TLS', 'ok', FAR, { from: '10.0.0.7', headers: { ...FOR_CLIENT, ...TLS } }],
  ['one by IPv6', 'ok', FAR, { from: 'fd00::7', headers: { ...FOR_CLIENT, ...TLS } }],
  ['one by mapped IPv4', 'ok', FAR, { from: '::ffff:10.0.0.7', headers: TLS }],
  ['a local proxy without TLS', 'E_PLAIN_HTTP', BEHIND, { headers: { ...FOR_CLIENT, 'x-forwarded-proto': 'http' } }],
  [
    'a client that claims TLS to a local proxy without',
    'E_PLAIN_HTTP',
    BEHIND,
    { headers: { ...FOR_CLIENT, 'x-forwarded-proto': 'https, http' } },
  ],
  ['a local proxy with TLS', 'ok', BEHIND, { headers: { ...FOR_CLIENT, ...TLS } }],
  // Whoever has a proxy on this machine and does not name it is believed to have TLS there.
  ['a local proxy that is not named', 'ok', PUBLIC, { headers: FOR_CLIENT }],
] as const)('a secret from %s: %s', async (_who, code, server, asked) => {
  expect(await ask(server, asked, (guard, request) => codeOf(() => guard.requireConfidential(request)))).toBe(code)
})

test('who asks is the token, else the client’s address as a trusted proxy says it', async () => {
  const who = (server: GuardedServer, asked: Asked) => ask(server, asked, (guard, request) => guard.whoOf(request))
  const forwarded = { 'x-forwarded-for': '203.0.113.9, 192.0.2.7' }
  expect(await who(LOCAL, { token: 'ci' })).toBe('ci')
  expect(await who(LOCAL, { token: 'secret' })).toBe('local')
  expect(await who(LOCAL, { token: 'old' })).toBe('127.0.0.1')
  expect(await who(LOCAL, { from: '::1' })).toBe('127.0.0.1')
  expect(await who(FOR_ALL, { from: '::ffff:192.0.2.7' })).toBe('192.0.2.7')
  expect(await who(FAR, { from: '10.0.0.7', headers: forwarded })).toBe('192.0.2.7')
  expect(await who(FAR, { from: '192.0.2.8', headers: forwarded })).toBe('192.0.2.8')
  expect(await who(FAR, { from: '10.0.0.7', headers: { 'x-forwarded-for': '<b>' } })).toBe('unknown')
  const names = await ask(LOCAL, { token: 'ci' }, (guard, request) => guard.namesOf(request))
  expect(names).toEqual(['ci', '127.0.0.1'])
  expect(await ask(FOR_ALL, { from: '192.0.2.7', token: 'ci' }, (guard, request) => guard.namesOf(request))).toEqual([
    'ci',
  ])
})

test('the address that answers name is the configured one, else the one the client used', async () => {
  const base = (server: GuardedServer, headers: Record<string, string>, from = '127.0.0.1') =>
    ask(server, { from, headers }, (guard, request) => guard.baseUrlOf(request))
  const forwarded = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
  expect(await base(LOCAL, {})).toBe('http://127.0.0.1:7700')
  expect(await base(PUBLIC, forwarded)).toBe('https://packages.example')
  expect(await base(LOCAL, forwarded)).toBe('http://127.0.0.1:7700')
  expect(await base({ ...LOCAL, trustedProxies: ['127.0.0.1'] }, forwarded)).toBe('https://evil.example')
  await expect(base(LOCAL, { host: 'a b' })).rejects.toMatchObject({ code: 'E_USAGE' })
})

test('the password of Basic is a token too, for reading alone', async () => {
  const headers = { authorization: `Basic ${Buffer.from('anyone:boss').toString('base64')}` }
  const scopeOf = (method: 'GET' | 'POST', given: Record<string, string>) =>
    ask(LOCAL, { method, headers: given }, (guard, request) => guard.askerOf(request)?.scope ?? null)
  expect(await scopeOf('GET', headers)).toBe('admin')
  expect(await scopeOf('POST', headers)).toBeNull()
  expect(await scopeOf('POST', { authorization: 'bearer boss' })).toBe('admin')
  for (const authorization of [
    'boss',
    'Basic boss',
    'Bearer',
    'Bearer  ',
    `Bearer ${'x'.repeat(5_000)}`,
    'Digest boss',
  ]) {
    expect(await scopeOf('GET', { authorization })).toBeNull()
  }
})

import { readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeRegistry, startFakeRegistry } from '../node/upstream/fake-registry.ts'
import { errorOf, eventually, hanse, NodeProcess } from './hanse-process.ts'
import { NpmClient } from './npm-client.ts'

let node: NodeProcess
let npm: NpmClient
let upstream: FakeRegistry
let token: string
const stack = new AsyncDisposableStack()

beforeAll(async () => {
  upstream = stack.use(await startFakeRegistry())
  await upstream.publish('right', '1.0.0')
  await upstream.publish('left', '1.0.0', { manifest: { dependencies: { right: '^1.0.0' } } })
  for (const name of ['@acme/secret', 'left-pad-internal']) await upstream.publish(name, '999.0.0')
  node = stack.use(await NodeProcess.start(['--network', 'off']))
  await node.end('SIGTERM')
  const config = join(node.home, 'config.yaml')
  const upstreams = `\nupstreams:\n  fake: { ecosystem: npm, url: "${upstream.url}", trustTime: true }\n`
  await writeFile(config, (await readFile(config, 'utf8')) + upstreams)
  await node.restart()
  await node.run('route', 'add', 'npm:*', 'upstream/fake')
  token = (JSON.parse(await readFile(join(node.home, 'run.json'), 'utf8')) as { token: string }).token
  npm = stack.use(await NpmClient.open(`${node.ready.http}/npm/`, token))
})
afterAll(async () => await stack.disposeAsync())

const manifestOf = (name: string, version: string, more: object = {}) => ({
  name,
  version,
  description: 'rigging for ships',
  license: 'MIT',
  ...more,
})

async function publish(name: string, version: string, more: object = {}, ...flags: string[]) {
  const folder = name.replace(/[@/]/g, '_')
  const cwd = await npm.project(folder, {
    'package.json': manifestOf(name, version, more),
    'index.js': 'module.exports = 1\n',
  })
  return await npm.try(cwd, 'publish', ...flags)
}

describe('a publisher', () => {
  it('releases with npm publish, privately unless the package says public', async () => {
    const first = await publish('@acme/hull', '1.0.0', { dependencies: { left: '^1.0.0' } })
    expect([first.code, first.err]).toEqual([0, expect.stringContaining('@acme/hull@1.0.0 is private to this node')])
    expect((await publish('@acme/flag', '1.0.0', { publishConfig: { access: 'public' } })).code).toBe(0)
    const visibilityOf = async (purl: string) => JSON.stringify((await node.run('info', purl)).publishers)
    expect(await visibilityOf('npm:@acme/hull')).toContain('"visibility":"private"')
    expect(await visibilityOf('npm:@acme/flag')).toContain('"visibility":"public"')
  })

  it('releases as the route of the name says where the package does not', async () => {
    const route = ['route', 'add', 'npm:@acme-open/*', 'allowed', '--publish']
    await node.run(...route, 'public')
    expect(errorOf(await node.try(...route, 'private'))).toEqual([1, 'E_ROUTE_TAKEN'])
    const visibilityOf = async (purl: string) => JSON.stringify((await node.run('info', purl)).publishers)
    expect((await publish('@acme-open/flag', '1.0.0')).code).toBe(0)
    expect(await visibilityOf('npm:@acme-open/flag')).toContain('"visibility":"public"')
    expect((await publish('@acme-open/log', '1.0.0', { publishConfig: { access: 'restricted' } })).code).toBe(0)
    expect(await visibilityOf('npm:@acme-open/log')).toContain('"visibility":"private"')
    await node.run('route', 'remove', 'npm:@acme-open/*')
  })

  it('cannot release a version twice, nor take one back', async () => {
    const before = await node.run('info', 'npm:@acme/hull')
    const again = await publish('@acme/hull', '1.0.0', { description: 'other bytes' }, '--force')
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('403 E_VERSION_EXISTS')])
    const gone = await npm.try(npm.folder, 'unpublish', '@acme/hull@1.0.0', '--force')
    expect([gone.code, gone.err]).toEqual([1, expect.stringContaining('npm deprecate @acme/hull@VERSION')])
    expect(await node.run('info', 'npm:@acme/hull')).toEqual(before)
  })

  it('moves tags and deprecates, and takes both back', async () => {
    expect((await publish('@acme/hull', '1.1.0-rc.1', {}, '--tag', 'next')).code).toBe(0)
    await npm.run(npm.folder, 'dist-tag', 'add', '@acme/hull@1.0.0', 'stable')
    const tags = async () => (await npm.run(npm.folder, 'dist-tag', 'ls', '@acme/hull')).out.trim().split('\n')
    expect(await tags()).toEqual(['latest: 1.0.0', 'next: 1.1.0-rc.1', 'stable: 1.0.0'])
    await npm.run(npm.folder, 'dist-tag', 'rm', '@acme/hull', 'stable')
    expect(await tags()).toEqual(['latest: 1.0.0', 'next: 1.1.0-rc.1'])
    expect((await npm.try(npm.folder, 'dist-tag', 'add', '@acme/hull@7.7.7', 'odd')).err).toContain('has not released')

    const word = async () => (await npm.run(npm.folder, 'view', '@acme/hull@1.0.0', 'deprecated')).out.trim()
    await npm.run(npm.folder, 'deprecate', '@acme/hull@1.0.0', 'leaks')
    expect(await word()).toBe('leaks')
    await npm.run(npm.folder, 'deprecate', '@acme/hull@1.0.0', '')
    expect(await word()).toBe('')
  })

  it('moves a tag between private and public releases and back', async () => {
    for (const [version, access] of [
      ['1.0.0', 'restricted'],
      ['1.1.0', 'public'],
      ['1.2.0', 'restricted'],
      ['1.3.0', 'public'],
    ] as const) {
      expect((await publish('@acme/mixed', version, { publishConfig: { access } })).code).toBe(0)
      expect((await npm.run(npm.folder, 'view', '@acme/mixed', 'dist-tags.latest')).out.trim()).toBe(version)
    }
  })

  it('may have a package.json larger than a record takes', async () => {
    const notes = Array.from({ length: 2_000 }, (_, at) => `note ${at}`)
    expect((await publish('@acme/wordy', '1.0.0', { notes, bin: './index.js' })).code).toBe(0)
    const seen = JSON.parse((await npm.run(npm.folder, 'view', '@acme/wordy', 'notes', 'bin', '--json')).out) as object
    expect(seen).toEqual({ notes, bin: { wordy: './index.js' } })
  })

  it('is refused without the token, and gets it by login', async () => {
    await using stranger = await NpmClient.open(`${node.ready.http}/npm/`, 'wrong')
    const cwd = await stranger.project('x', { 'package.json': manifestOf('@acme/x', '1.0.0') })
    expect((await stranger.try(cwd, 'publish')).err).toContain('E401')
    expect((await stranger.try(cwd, 'whoami')).err).toContain('E401')
    expect((await npm.run(npm.folder, 'whoami')).out.trim()).toBe('local')
    const login = async (password: string) =>
      await fetch(`${node.ready.http}/npm/-/user/org.couchdb.user:ann`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ _id: 'org.couchdb.user:ann', name: 'ann', password, type: 'user', roles: [] }),
      })
    expect((await login('wrong')).status).toBe(401)
    expect(await (await login(token)).json()).toMatchObject({ ok: true, token })
  })
})

describe('a user', () => {
  it('views, searches and pings', async () => {
    expect(JSON.parse((await npm.run(npm.folder, 'view', '@acme/hull', '--json')).out)).toMatchObject({
      name: '@acme/hull',
      version: '1.0.0',
      license: 'MIT',
      dist: { integrity: expect.stringMatching(/^sha512-/), shasum: expect.stringMatching(/^[0-9a-f]{40}$/) },
    })
    const found = JSON.parse((await npm.run(npm.folder, 'search', 'rigging', '--json')).out) as { name: string }[]
    expect(found.map(({ name }) => name)).toContain('@acme/hull')
    expect((await npm.run(npm.folder, 'ping')).err).toContain('PONG')
  })

  it('installs own and upstream packages through one address, and again from the lock file', async () => {
    const cwd = await npm.project('project', { 'package.json': { name: 'project', version: '1.0.0' } })
    await npm.run(cwd, 'install', '@acme/hull')
    const lock = await readFile(join(cwd, 'package-lock.json'), 'utf8')
    expect(Object.keys((JSON.parse(lock) as { packages: object }).packages)).toEqual(
      ['', '@acme/hull', 'left', 'right'].map(name => (name === '' ? '' : `node_modules/${name}`)),
    )
    expect(lock).not.toContain(upstream.url)
    await rm(join(cwd, 'node_modules'), { recursive: true })
    await rm(join(npm.folder, 'cache'), { recursive: true })
    const asked = upstream.requests.length
    await npm.run(cwd, 'ci')
    expect(upstream.requests.length).toBe(asked)
    expect(JSON.parse(await readFile(join(cwd, 'node_modules/right/package.json'), 'utf8'))).toMatchObject({
      name: 'right',
    })
    expect((await npm.run(cwd, 'audit')).out).toContain('found 0 vulnerabilities')
  })

  it('installs from a lock file that was written against the upstream itself', async () => {
    await using direct = await NpmClient.open(upstream.url)
    const manifest = { name: 'elsewhere', version: '1.0.0', dependencies: { left: '^1.0.0' } }
    const there = await direct.project('elsewhere', { 'package.json': manifest })
    await direct.run(there, 'install', '--package-lock-only')
    const lock = await readFile(join(there, 'package-lock.json'), 'utf8')
    expect(lock).toContain(upstream.url)
    const cwd = await npm.project('elsewhere', { 'package.json': manifest, 'package-lock.json': lock })
    const asked = upstream.requests.length
    await npm.run(cwd, 'ci', '--replace-registry-host=always')
    expect(upstream.requests.length).toBe(asked)
  })

  it('gets private names from here alone: the upstream hears of none, from the first publish on', async () => {
    for (const name of ['@acme/secret', 'left-pad-internal']) {
      expect((await publish(name, '1.0.0')).code).toBe(0)
      const cwd = await npm.project(`uses ${name.replace('/', ' ')}`, {
        'package.json': { name: 'user', version: '1.0.0' },
      })
      await npm.run(cwd, 'install', name)
      const installed = await readFile(join(cwd, 'node_modules', name, 'package.json'), 'utf8')
      expect(JSON.parse(installed)).toMatchObject({ version: '1.0.0' })
      expect((await npm.try(cwd, 'install', `${name}@999.0.0`)).code).toBe(1)
    }
    expect(upstream.requests.filter(({ path }) => /secret|internal/.test(path))).toEqual([])
  })

  it('is sent here by hanse use, and back by its undo', async () => {
    const mine = '# mine\nregistry=http://127.0.0.1:9/\nsave-exact=true\n'
    const cwd = await npm.project('used', { 'package.json': { name: 'used', version: '1.0.0' }, '.npmrc': mine })
    expect((await hanse(['use', 'npm', '--json', '--home', node.home], '', cwd)).json).toMatchObject({
      registry: `${node.ready.http}/npm/`,
      files: [{ file: '.npmrc', changed: true, lines: [`registry=${node.ready.http}/npm/`] }],
    })
    await npm.run(cwd, 'install', 'left')
    expect((await hanse(['use', 'npm', '--undo', '--json', '--home', node.home], '', cwd)).code).toBe(0)
    expect(await readFile(join(cwd, '.npmrc'), 'utf8')).toBe(mine)
  })

  it('is told what is not there', async () => {
    const missing = await npm.try(npm.folder, 'view', 'nobody-has-this')
    expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('404')])
  })
})

describe('another node', () => {
  it('that allows the publisher serves its public packages to npm, and no private one', async () => {
    await using harbour = await NodeProcess.start()
    await using office = await NodeProcess.start()
    const run = JSON.parse(await readFile(join(harbour.home, 'run.json'), 'utf8')) as { token: string }
    await using author = await NpmClient.open(`${harbour.ready.http}/npm/`, run.token)
    for (const [name, access] of [
      ['buoy', 'public'],
      ['chart', 'restricted'],
    ] as const) {
      const manifest = manifestOf(`@port/${name}`, '1.0.0', { publishConfig: { access } })
      await author.run(await author.project(name, { 'package.json': manifest, 'index.js': '' }), 'publish')
    }
    await using reader = await NpmClient.open(`${office.ready.http}/npm/`)
    const cwd = await reader.project('reader', { 'package.json': { name: 'reader', version: '1.0.0' } })
    expect((await reader.try(cwd, 'install', '@port/buoy')).err).toContain('E404')
    await office.run('peer', 'add', harbour.address)
    await office.run('allow', harbour.ready.publisher, 'npm:@port/*', '--as', 'port')
    await eventually(
      () => reader.try(cwd, 'install', '@port/buoy'),
      ({ code }) => code === 0,
    )
    expect((await reader.run(cwd, 'ls')).out).toContain('@port/buoy@1.0.0')
    expect((await reader.try(cwd, 'install', '@port/chart')).err).toContain('E404')
  })
})

describe('hostile requests', () => {
  /** A request with exactly this path: `fetch` would clean it up. */
  async function ask(path: string, method = 'GET', body?: string, headers: Record<string, string> = {}) {
    const { promise, resolve, reject } = Promise.withResolvers<{
      status: number
      json: { code?: string; error?: unknown }
    }>()
    const { hostname, port } = new URL(node.ready.http)
    const sent = request(
      { hostname, port, path, method, headers: { authorization: `Bearer ${token}`, ...headers } },
      answer => {
        let text = ''
        answer.setEncoding('utf8').on('data', part => {
          text += part
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, json: text === '' ? {} : JSON.parse(text) }))
      },
    )
    sent.on('error', reject)
    sent.end(body)
    return await promise
  }

  it.each(['/npm/..%2f..%2fetc%2fpasswd', '/npm/x%00', '/npm/__proto__', '/npm/%2e%2e', '/npm/@s%2f..%2fx', '/npm/'])(
    'for %s get a code',
    async path => {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const { status, json } = await ask(path, method, method === 'PUT' ? '{}' : undefined)
        expect([method, status, json.code]).toEqual([method, 400, 'E_PURL'])
      }
    },
  )

  it('that publish nonsense get a code', async () => {
    const bodies = [
      '',
      '{',
      '[]',
      '{"name":"y"}',
      `{"name":"x","_attachments":{"a":{"data":"@@"}}}`,
      '{"__proto__":{"name":"x"}}',
    ]
    for (const body of bodies) {
      const { status, json } = await ask('/npm/x', 'PUT', body, { 'content-type': 'application/json' })
      expect([body, status, json.code]).toEqual([body, 400, 'E_USAGE'])
    }
    const tarball = Buffer.from('no archive').toString('base64')
    const document = { name: 'x', versions: { '1.0.0': {} }, _attachments: { 'x.tgz': { data: tarball } } }
    const { status, json } = await ask('/npm/x', 'PUT', JSON.stringify(document))
    expect([status, json.code]).toEqual([400, expect.stringMatching(/^E_ARCHIVE_/)])
  })

  it('under another Host, or for another package than the archive is, are refused', async () => {
    expect((await ask('/npm/@acme%2fhull', 'GET', undefined, { host: 'evil.example' })).status).toBe(403)
    const packed = JSON.parse((await npm.run(join(npm.folder, '_acme_hull'), 'pack', '--json')).out) as {
      filename: string
    }[]
    const data = await readFile(join(npm.folder, '_acme_hull', packed[0]?.filename ?? ''), 'base64')
    const document = { name: '@acme/other', versions: { '1.0.0': {} }, _attachments: { 'x.tgz': { data } } }
    const { status, json } = await ask('/npm/@acme%2fother', 'PUT', JSON.stringify(document))
    expect([status, json.code]).toEqual([400, 'E_ARCHIVE_MISMATCH'])
    expect((await node.try('info', 'npm:@acme/other')).code).toBe(3)
  })
})

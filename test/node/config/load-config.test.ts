import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startCommand } from '../../../src/cli/commands/start.ts'
import {
  addRoute,
  configPathOf,
  type LoadedConfig,
  loadConfig,
  PROFILES,
  removeRoute,
  settingLinesOf,
  settingValuesOf,
  writeProfile,
} from '../../../src/node/config/index.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hanse-config-'))
})
afterEach(async () => await rm(home, { recursive: true, force: true }))

const linesOf = (loaded: LoadedConfig, routes = loaded.config.routes) =>
  settingLinesOf(loaded, { routes, file: configPathOf(home) })
const write = (text: string) => writeFile(configPathOf(home), text)

test('an empty home has every default', async () => {
  const { config, origins } = await loadConfig({ home })
  expect(config.network).toMatchObject({ mode: 'public', id: 'main', mdns: false })
  expect(config.http).toEqual({
    host: '127.0.0.1',
    port: 7700,
    openReads: false,
    publicBytes: false,
    trustedProxies: [],
  })
  expect(config.routes).toEqual([{ match: '*', to: 'allowed' }])
  expect(new Set([...origins.values()].map(({ origin }) => origin))).toEqual(new Set(['default']))
})

test('every profile is a valid file that says what it is, and is never overwritten', async () => {
  for (const profile of PROFILES) {
    await rm(configPathOf(home), { force: true })
    expect(await writeProfile(home, profile)).toBe(true)
    expect((await loadConfig({ home })).config.profile).toBe(profile)
    expect(await writeProfile(home, 'publisher')).toBe(false)
  }
})

test('a company starts with the network off and npm led to its upstream', async () => {
  await writeProfile(home, 'company')
  const { config } = await loadConfig({ home })
  expect(config.network.mode).toBe('off')
  expect(config.routes[0]).toEqual({ match: 'npm:*', to: 'upstream/npmjs' })
  expect(Object.keys(config.upstreams)).toEqual([])
})

test('a flag wins over a variable, a variable over the file, the file over the default', async () => {
  await write('http: { host: 127.0.0.2, port: 1 }\nsearch: { deadlineMs: 5 }\n')
  const env = {
    HANSE_HTTP_HOST: '127.0.0.3',
    HANSE_HTTP_PORT: '2',
    HANSE_NETWORK_LISTEN: '/ip4/127.0.0.1/tcp/0, /ip4/127.0.0.2/tcp/0',
  }
  const { config, origins } = await loadConfig({ home, env, flags: { 'http.port': 3 } })
  expect(config.http).toMatchObject({ host: '127.0.0.3', port: 3 })
  expect(config.network.listen).toHaveLength(2)
  expect(config.search.deadlineMs).toBe(5)
  expect(origins.get('http.port')).toEqual({ origin: 'flag', name: '--http' })
  expect(origins.get('http.host')).toEqual({ origin: 'environment', name: 'HANSE_HTTP_HOST' })
  expect(origins.get('search.deadlineMs')?.origin).toBe('file')
  expect(origins.get('network.id')?.origin).toBe('default')
})

test('the options of start are flags, and config list shows each setting with its origin', async () => {
  const flags = settingValuesOf({ http: { host: '::1', port: 0 }, mdns: true })
  const lines = linesOf(await loadConfig({ home, flags }))
  const shown = new Map(lines.map(({ key, value, origin }) => [key, [value, origin]]))
  expect(shown.get('http.host')).toEqual(['::1', 'flag'])
  expect(shown.get('http.port')).toEqual([0, 'flag'])
  expect(shown.get('network.mdns')).toEqual([true, 'flag'])
  expect(shown.get('network.mode')).toEqual(['public', 'default'])
  expect(shown.get('http.publicUrl')).toEqual([null, 'default'])
})

test('an unknown or broken key is named by its path', async () => {
  const broken: readonly (readonly [string, string])[] = [
    ['netwrok: {}', 'netwrok: unknown key'],
    ['network: { mod: off }', 'network.mod: unknown key'],
    ['network: { mode: open }', 'network.mode: '],
    ['http: { port: 70000 }', 'http.port: '],
    ['http: { port: eighty }', 'http.port: '],
    ['routes: [{ match: "*", to: allowed, why: x }]', 'routes.0.why: unknown key'],
    ['routes: [{ match: "*", to: "Not A Name" }]', 'routes.0.to: '],
    ['upstreams: { npmjs: { ecosystem: npm, url: "ftp://x" } }', 'upstreams.npmjs.url: '],
    ['network: { listen: [127.0.0.1] }', 'network.listen.0: '],
    ['__proto__: { a: 1 }', '__proto__: unknown key'],
  ]
  for (const [text, message] of broken) {
    await write(text)
    const error = (await loadConfig({ home }).catch(error => error as unknown)) as { code: string; message: string }
    expect([text, error.code]).toEqual([text, 'E_CONFIG'])
    expect(error.message.startsWith(message), `${text}: ${error.message}`).toBe(true)
  }
})

test('every setting that an option of start gives names that option', async () => {
  const { options = [] } = startCommand
  const known = options.map(({ flags }) => flags.split(' ')[0])
  const peer = '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK'
  const addresses = { listen: ['/ip4/127.0.0.1/tcp/1'], announce: ['/ip4/127.0.0.1/tcp/1'], bootstrap: [peer] }
  const flags = settingValuesOf({
    http: { host: '::1', port: 0 },
    network: 'off',
    mdns: true,
    shareUpstreams: true,
    ...addresses,
  })
  const given = linesOf(await loadConfig({ home, flags })).filter(({ origin }) => origin === 'flag')
  expect(new Set(given.map(({ name }) => name))).toEqual(new Set(known))
})

test('config list shows the routes that count now, and that commands write them into the file', async () => {
  const loaded = await loadConfig({ home })
  expect(linesOf(loaded).find(({ key }) => key === 'routes')).toMatchObject({ origin: 'default' })
  await addRoute(home, { match: 'npm:@acme/*', to: 'acme' }, 0)
  const { routes } = (await loadConfig({ home })).config
  expect(linesOf(loaded, routes).find(({ key }) => key === 'routes')).toEqual({
    ...{ key: 'routes', origin: 'file', name: configPathOf(home) },
    value: [
      { match: 'npm:@acme/*', to: 'acme' },
      { match: '*', to: 'allowed' },
    ],
  })
})

test('a new route that nothing can come of is refused, and one to an upstream of the file is not', async () => {
  await write('upstreams: { npmjs: { ecosystem: npm, url: "https://registry.example.org/" } }\n')
  for (const route of [
    { match: 'npm:[', to: 'allowed' },
    { match: 'npm:{a,b}*', to: 'allowed' },
    { match: 'npm:z', to: 'upstream/foo' },
    { match: 'npm:z', to: 'upstream/constructor' },
  ])
    await expect(addRoute(home, route)).rejects.toMatchObject({ code: 'E_USAGE', hint: expect.any(String) })
  for (const match of ["npm:it's", 'npm:@a.b/~c', 'generic:a[b]', 'npm:z'])
    expect(await addRoute(home, { match, to: 'upstream/npmjs' })).toContainEqual({ match, to: 'upstream/npmjs' })
})

test('what is wrong with a file is said in one line, without the words of a library', async () => {
  for (const text of ['netwrok: {}', 'http: { port: 99999 }', 'http: {']) {
    await write(text)
    const error = await loadConfig({ home }).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'E_CONFIG', message: expect.not.stringContaining('\n') })
    expect((error as Error).cause).toBeUndefined()
  }
})

test('a file that is no YAML, repeats a key or plays with aliases is refused', async () => {
  for (const text of ['http: {', 'a: 1\na: 2', 'x: &a [1]\ny: [*a, *a]', '"just text"']) {
    await write(text)
    await expect(loadConfig({ home })).rejects.toMatchObject({ code: 'E_CONFIG' })
  }
})

test('a variable that does not fit is named', async () => {
  await expect(loadConfig({ home, env: { HANSE_HTTP_PORT: '80x' } })).rejects.toThrow('HANSE_HTTP_PORT')
  await expect(loadConfig({ home, env: { HANSE_NETWORK_MODE: 'open' } })).rejects.toThrow('network.mode')
})

test('a cap of the link is a size that leaves something, a contact one line', async () => {
  const network = async (name: string, value: string) =>
    (await loadConfig({ home, env: { [`HANSE_NETWORK_${name}`]: value } })).config.network
  expect(await network('UP_BYTES_PER_SECOND', '2 MB')).toMatchObject({
    ...{ upBytesPerSecond: '2 MB', downBytesPerSecond: 'unlimited' },
  })
  for (const wrong of ['99999', '0', 'fast', '-5MB'])
    await expect(network('DOWN_BYTES_PER_SECOND', wrong)).rejects.toThrow('network.downBytesPerSecond')
  expect((await network('CONTACT', 'https://example.org/abuse')).contact).toBe('https://example.org/abuse')
  for (const wrong of ['two\nlines', 'x'.repeat(257), '\u202Eeve'])
    await expect(network('CONTACT', wrong)).rejects.toThrow('network.contact')
})

test('routes are added before, refused when taken, removed, and comments stay', async () => {
  await writeProfile(home, 'company')
  const before = (await readFile(configPathOf(home), 'utf8')).match(/#.*/g)
  await addRoute(home, { match: 'npm:@acme/*', to: 'acme' }, 0)
  await addRoute(home, { match: 'npm:@acme/*', to: 'acme' }, 0)
  await expect(addRoute(home, { match: 'npm:@acme/*', to: 'other' })).rejects.toMatchObject({ code: 'E_ROUTE_TAKEN' })
  const { config } = await loadConfig({ home })
  expect(config.routes.map(({ match }) => match)).toEqual(['npm:@acme/*', 'npm:*', '*'])
  expect((await readFile(configPathOf(home), 'utf8')).match(/#.*/g)).toEqual(before)
  expect(await removeRoute(home, 'npm:@acme/*')).toBe(true)
  expect(await removeRoute(home, 'npm:@acme/*')).toBe(false)
  expect((await loadConfig({ home })).config.routes).toHaveLength(2)
})

test('trusted proxies are addresses and networks, from the file or a variable', async () => {
  const env = { HANSE_HTTP_TRUSTED_PROXIES: '127.0.0.1, ::1, 10.1.0.0/16, fd00::/8', HANSE_HTTP_OPEN_READS: 'true' }
  expect((await loadConfig({ home, env })).config.http).toMatchObject({
    openReads: true,
    trustedProxies: ['127.0.0.1', '::1', '10.1.0.0/16', 'fd00::/8'],
  })
  for (const wrong of ['proxy', '10.1.0.0/33', '*', '300.0.0.1', 'fd00::/129', '10.0.0.1:80']) {
    await write(`http: { trustedProxies: ["${wrong}"] }\n`)
    await expect(loadConfig({ home })).rejects.toMatchObject({
      code: 'E_CONFIG',
      message: expect.stringContaining('http.trustedProxies.0: must be an address or a network'),
    })
  }
})

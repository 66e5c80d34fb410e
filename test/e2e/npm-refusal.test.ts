import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type NpmAnswer, refusalAnswer } from '../../src/node/registries/npm/npm-answer.ts'
import { npmOperationOf } from '../../src/node/registries/npm/npm-operation.ts'
import type { NpmSource, PackumentDocument } from '../../src/node/registries/npm/npm-source.ts'
import { PackumentBodies } from '../../src/node/registries/npm/packument-bodies.ts'
import { ReadOperations } from '../../src/node/registries/npm/read-operations.ts'
import type { RoutedPackage } from '../../src/node/registries/npm/registry-router.ts'
import { listener, NO_FACTS } from '../node/policy/no-facts.ts'
import { packageTarball } from '../node/upstream/package-tarball.ts'
import { NpmClient } from './npm-client.ts'

const VERSIONS = ['1.0.0', '1.1.0', '2.0.0']
const UNTIL = Date.parse('2030-01-01T00:00:00Z')
/** Versions held now; a test changes it. */
const held = new Set<string>()
let npm: NpmClient
const stack = new AsyncDisposableStack()

async function sourceOf(name: string): Promise<NpmSource> {
  const tarballs = new Map<string, Uint8Array>()
  const versions: [string, PackumentDocument['versions'][string]][] = []
  for (const version of VERSIONS) {
    const bytes = await packageTarball({ name, version })
    tarballs.set(version, bytes)
    const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
    versions.push([version, { name, version, dist: { tarball: 'elsewhere', integrity } }])
  }
  const document = { name, 'dist-tags': { latest: '2.0.0' }, versions: Object.fromEntries(versions) }
  return {
    packument: async () => ({ revision: [...held].join(' '), document, versions: null }),
    tarball: async (_name, version) => {
      const bytes = tarballs.get(version)
      return bytes === undefined ? null : { size: bytes.length, bytes: Readable.from([bytes]) }
    },
  }
}

/** The reading half of the front under a rule that holds some versions, on a server of its own. */
beforeAll(async () => {
  const source = await sourceOf('mast')
  const rule = { name: 'age', judge: ({ version }: { version: string }) => (held.has(version) ? tooYoung : null) }
  const tooYoung = { decision: 'hold', rule: 'age', until: UNTIL, message: 'younger than 72 hours' } as const
  const routed = {
    package: 'pkg:npm/mast',
    source,
    sourceKey: 'u',
    route: { to: 'upstream' },
  } as unknown as RoutedPackage
  const reads = new ReadOperations({
    router: { sourceOf: () => routed },
    facts: NO_FACTS,
    bodies: new PackumentBodies(),
    policy: () => ({ revision: [...held].join(' '), policy: { rules: [rule] } }),
    now: () => 0,
    told: listener(),
    pin: async () => {},
  })
  const signal = new AbortController().signal
  const answer = async (method: string, url: string, base: string): Promise<NpmAnswer> => {
    const operation = npmOperationOf(method, url)
    const request = { form: 'full', encoding: 'identity', base, ifNoneMatch: undefined, who: 'me', signal } as const
    if (operation.is === 'packument') return await reads.packument(operation.name, request)
    if (operation.is !== 'tarball') return refusalAnswer({ code: 'E_NOT_FOUND', message: operation.is })
    return await reads.tarball(
      operation.name,
      operation.version,
      { range: undefined, isHead: false, who: 'me' },
      signal,
    )
  }
  const server = createServer((request, response) => {
    answer(request.method ?? '', request.url ?? '', `http://${request.headers.host}`)
      .catch(error => refusalAnswer(error))
      .then(found => send(response, found))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stack.defer(() => void server.close().closeAllConnections())
  npm = stack.use(await NpmClient.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`))
})
afterAll(async () => await stack.disposeAsync())

function send(response: ServerResponse, { status, headers, body, reason }: NpmAnswer): void {
  if (reason !== undefined) response.statusMessage = reason
  response.writeHead(status, headers)
  if (body instanceof Readable) body.pipe(response)
  else response.end(body ?? undefined)
}

const project = async (name: string, files: Record<string, object | string> = {}) =>
  await npm.project(name, { 'package.json': { name: 'user', version: '1.0.0' }, ...files })

const installed = async (cwd: string) => (await npm.run(cwd, 'ls', 'mast', '--depth=0')).out

it('a range and latest find the newest that is not held', async () => {
  held.add('2.0.0')
  const cwd = await project('range')
  await npm.run(cwd, 'install', 'mast')
  expect(await installed(cwd)).toContain('mast@1.1.0')
  held.add('1.1.0')
  const next = await project('next')
  await npm.run(next, 'install', 'mast@^1.0.0')
  expect(await installed(next)).toContain('mast@1.0.0')
})

it('npm says which rule holds a version asked for, and until when', async () => {
  held.add('2.0.0')
  const { code, err } = await npm.try(await project('exact'), 'install', 'mast@2.0.0')
  expect(code).toBe(1)
  expect(err).toContain('E403')
  expect(err).toContain('due to policy violations')
  expect(err).toContain('2.0.0, 1.1.0 are held until 2030-01-01T00:00:00.000Z (age): younger than 72 hours')
})

it('npm says it also when every version is held', async () => {
  for (const version of VERSIONS) held.add(version)
  const { code, err } = await npm.try(await project('all'), 'install', 'mast@^1.0.0')
  expect([code, err]).toEqual([1, expect.stringContaining('due to policy violations')])
})

it('a lock file leads to the reason, in the status line and the body', async () => {
  held.clear()
  const cwd = await project('locked')
  await npm.run(cwd, 'install', 'mast@2.0.0')
  held.add('2.0.0')
  const { code, err } = await npm.try(cwd, 'ci', '--cache', `${npm.folder}/empty`)
  expect(code).toBe(1)
  expect(err).toContain('403 E_POLICY_DENIED npm:mast@2.0.0 is held until')
  expect(err).toContain('hanse why npm:mast@2.0.0')
})

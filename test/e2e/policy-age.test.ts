import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeRegistry, startFakeRegistry } from '../node/upstream/fake-registry.ts'
import { NodeProcess } from './hanse-process.ts'
import { NpmClient } from './npm-client.ts'

const HOUR_MS = 3_600_000
const OLD = '2020-01-01T00:00:00.000Z'
const stack = new AsyncDisposableStack()
let node: NodeProcess
let npm: NpmClient
/** `trusted` may say when its versions were published. */
let trusted: FakeRegistry
let unmarked: FakeRegistry
let hourAgo: string

beforeAll(async () => {
  trusted = stack.use(await startFakeRegistry())
  unmarked = stack.use(await startFakeRegistry())
  hourAgo = new Date(Date.now() - HOUR_MS).toISOString()
  for (const name of ['sea-mast-rig', 'sea-keel-rig', 'sea-sail-rig']) {
    await trusted.publish(name, '1.0.0', { time: OLD })
    await trusted.publish(name, '1.1.0', { time: hourAgo })
  }
  await unmarked.publish('@dock/crane-rig', '1.0.0', { time: OLD })
  node = stack.use(await NodeProcess.start(['--network', 'off']))
  await node.end('SIGTERM')
  const config = join(node.home, 'config.yaml')
  const line = (name: string, url: string, trustTime: boolean) =>
    `  ${name}: { ecosystem: npm, url: "${url}", trustTime: ${trustTime} }\n`
  const upstreams = line('trusted', trusted.url, true) + line('unmarked', unmarked.url, false)
  await writeFile(config, `${await readFile(config, 'utf8')}\nupstreams:\n${upstreams}`)
  await node.restart()
  await node.run('route', 'add', 'npm:*', 'upstream/trusted')
  await node.run('route', 'add', 'npm:@dock/*', 'upstream/unmarked')
  npm = stack.use(await NpmClient.open(`${node.ready.http}/npm/`))
})
afterAll(async () => await stack.disposeAsync())

const project = async (name: string, files: Record<string, object | string> = {}) =>
  await npm.project(name, { 'package.json': { name: 'user', version: '1.0.0' }, ...files })
const installed = async (cwd: string, name: string) =>
  (JSON.parse(await readFile(join(cwd, 'node_modules', name, 'package.json'), 'utf8')) as { version: string }).version

interface Withheld {
  readonly packages: readonly {
    readonly name: string
    readonly rule: string
    readonly versions: readonly { readonly version: string; readonly enforced: boolean; readonly decision: string }[]
  }[]
}
const lastOf = async (name: string) => {
  const { packages } = (await node.run('why', '--last')) as unknown as Withheld
  return packages.filter(each => each.name === `npm:${name}`)
}

describe('a version published an hour ago', () => {
  it('is not what latest and a range mean', async () => {
    const cwd = await project('latest')
    await npm.run(cwd, 'install', 'sea-mast-rig')
    expect(await installed(cwd, 'sea-mast-rig')).toBe('1.0.0')
    expect((await npm.run(cwd, 'view', 'sea-mast-rig', 'dist-tags.latest')).out.trim()).toBe('1.0.0')
  })

  it('is refused by its number, and npm says the rule and when it ends', async () => {
    const { code, err } = await npm.try(await project('exact'), 'install', 'sea-mast-rig@1.1.0')
    expect(code).toBe(1)
    expect(err).toContain('E403')
    expect(err).toContain('due to policy violations')
    const until = new Date(Date.parse(hourAgo) + 72 * HOUR_MS).toISOString()
    expect(err).toContain(`1.1.0 is held until ${until} (minimumAge): known since ${hourAgo}`)
    expect(await lastOf('sea-mast-rig')).toMatchObject([
      { rule: 'minimumAge', versions: [{ version: '1.1.0', enforced: true, decision: 'hold' }] },
    ])
  })

  it('is refused when a lock file names its tarball', async () => {
    const { integrity } = (trusted.document('sea-sail-rig').versions['1.1.0'] as { dist: { integrity: string } }).dist
    const resolved = `${node.ready.http}/npm/sea-sail-rig/-/sea-sail-rig-1.1.0.tgz`
    const wanted = { dependencies: { 'sea-sail-rig': '1.1.0' } }
    const cwd = await project('locked', {
      'package.json': { name: 'user', version: '1.0.0', ...wanted },
      'package-lock.json': {
        ...{ name: 'user', version: '1.0.0', lockfileVersion: 3, requires: true },
        packages: {
          '': { name: 'user', version: '1.0.0', ...wanted },
          'node_modules/sea-sail-rig': { version: '1.1.0', resolved, integrity },
        },
      },
    })
    const { code, err } = await npm.try(cwd, 'ci')
    expect(code).toBe(1)
    expect(err).toContain('403 E_POLICY_DENIED npm:sea-sail-rig@1.1.0 is held until')
    expect(trusted.asked('sea-sail-rig-1.1.0.tgz')).toEqual([])
  })

  it('is explained with the rule, what to use instead and the command that lets it through, which does', async () => {
    const answer = await node.run('why', 'npm:sea-mast-rig@1.1.0')
    const hint = 'hanse policy waive npm:sea-mast-rig@1.1.0 --rule minimumAge --why TEXT'
    const route = 'npm:* → upstream/trusted'
    expect(answer).toMatchObject({
      ...{ decision: 'hold', code: 'E_POLICY_DENIED', version: '1.1.0', instead: '1.0.0', mode: 'enforce', route },
      until: new Date(Date.parse(hourAgo) + 72 * HOUR_MS).toISOString(),
      reasons: [{ rule: 'minimumAge', hint }],
    })
    expect((answer.facts as { known: unknown }).known).toContainEqual({
      ...{ fact: 'first seen', value: hourAgo, from: `${route} says so; its times are trusted` },
    })
    expect(await node.run('why', 'npm:sea-mast-rig@^1.0.0')).toMatchObject({ version: '1.1.0', decision: 'hold' })
    expect(await node.run('why', 'npm:sea-mast-rig@1.0.0')).toMatchObject({ version: '1.0.0', decision: 'allow' })

    await node.run(...hint.split(' ').slice(1, -1), 'it mends our login')
    const cwd = await project('waived')
    await npm.run(cwd, 'install', 'sea-mast-rig')
    expect(await installed(cwd, 'sea-mast-rig')).toBe('1.1.0')
    expect(await node.run('why', 'npm:sea-mast-rig@1.1.0')).toMatchObject({ decision: 'allow', reasons: [] })
  })
})

it('what an unmarked upstream claims about its age does not help', async () => {
  const { code, err } = await npm.try(await project('dated'), 'install', '@dock/crane-rig')
  expect(code).toBe(1)
  expect(err).toMatch(/1\.0\.0 is held until \S+ \(minimumAge\): known since/)
  const answer = await node.run('why', 'npm:@dock/crane-rig')
  expect(answer).toMatchObject({ decision: 'hold', instead: null })
  expect((answer.facts as { known: unknown }).known).toContainEqual({
    ...{ fact: 'published', value: OLD, from: 'npm:@dock/* → upstream/unmarked claims it; it decides nothing' },
  })
})

it('dry-run refuses nothing, says the same of it, and exempts nothing', async () => {
  await node.run('policy', 'mode', 'dry-run', '--for', '2h', '--reason', 'the release must go out')
  const cwd = await project('dry')
  await npm.run(cwd, 'install', 'sea-keel-rig')
  expect(await installed(cwd, 'sea-keel-rig')).toBe('1.1.0')
  expect(await lastOf('sea-keel-rig')).toMatchObject([
    { rule: 'minimumAge', versions: [{ version: '1.1.0', enforced: false, decision: 'hold' }] },
  ])
  await node.run('policy', 'mode', 'enforce')
  expect((await node.try('why', 'npm:sea-keel-rig@1.1.0')).json).toMatchObject({ version: '1.1.0', decision: 'hold' })
  const other = await npm.try(await project('after'), 'install', 'sea-sail-rig@1.1.0')
  expect([other.code, other.err]).toEqual([1, expect.stringContaining('(minimumAge)')])
})

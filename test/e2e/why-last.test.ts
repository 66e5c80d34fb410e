import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FakeRegistry, startFakeRegistry } from '../node/upstream/fake-registry.ts'
import { hanse, NodeProcess } from './hanse-process.ts'
import { NpmClient } from './npm-client.ts'

let node: NodeProcess
let upstream: FakeRegistry
const stack = new AsyncDisposableStack()
beforeAll(async () => {
  upstream = stack.use(await startFakeRegistry())
  await upstream.publish('mast', '1.0.0')
  node = stack.use(await NodeProcess.start(['--network', 'off']))
  await node.end('SIGTERM')
  const config = join(node.home, 'config.yaml')
  const upstreams = `\nupstreams:\n  fake: { ecosystem: npm, url: "${upstream.url}" }\n`
  await writeFile(config, (await readFile(config, 'utf8')) + upstreams)
  await node.restart()
  await node.run('route', 'add', 'npm:*', 'upstream/fake')
})
afterAll(async () => await stack.disposeAsync())

interface Withheld {
  readonly who: readonly string[] | null
  readonly packages: readonly {
    readonly name: string
    readonly rule: string
    readonly versions: readonly { readonly version: string; readonly until: number | null; readonly message: string }[]
  }[]
}

const last = async (...more: string[]) => (await node.run('why', '--last', ...more)) as unknown as Withheld
const namesIn = ({ packages }: Withheld) => packages.map(({ name }) => name)

async function install(name: string, token?: string) {
  const npm = stack.use(await NpmClient.open(`${node.ready.http}/npm/`, token))
  return await npm.try(
    await npm.project('user', { 'package.json': { name: 'user', version: '1.0.0' } }),
    'install',
    name,
  )
}

test('what a client was not told is told by why --last and its page: rule, reason, when it ends', async () => {
  expect(await last()).toMatchObject({ packages: [] })
  expect((await install('mast')).code).toBe(1)
  const withheld = await last()
  expect(withheld.packages[0]).toMatchObject({ name: 'npm:mast', rule: expect.any(String) })
  expect(withheld.packages[0]?.versions[0]).toMatchObject({ version: '1.0.0', until: expect.any(Number) })
  const text = await hanse(['why', '--last', '--home', node.home])
  expect(text.stdout).toMatch(/npm:mast@1\.0\.0 {2}held until \d{4}-\d\d-\d\d \d\d:\d\d UTC\n/)
  const page = await (await fetch(`${node.ready.http}/why/last`, { headers: { accept: 'text/html' } })).text()
  expect(page).toContain('npm:mast')
  expect(page).toMatch(/is held until \d{4}-\d\d-\d\d/)
  const [, address = ''] = /href="\.\/([^"]+)"/.exec(page) ?? []
  const explained = await fetch(`${node.ready.http}/why/${address}`, { headers: { accept: 'text/html' } })
  expect([explained.status, await explained.text()]).toEqual([200, expect.stringContaining('npm:mast')])
})

test('a token sees its own and no other’s, an administrator everybody’s', async () => {
  await upstream.publish('keel', '1.0.0')
  const make = async (name: string, scope: string) =>
    (await node.run('token', 'create', '--name', name, '--scope', scope)).token as string
  const [ci, other] = [await make('ci', 'read'), await make('other', 'read')]
  expect((await install('keel', ci)).code).toBe(1)
  const lastOf = async (token: string) =>
    (await hanse(['why', '--last', '--json', '--node', node.ready.http, '--token', token])).json as unknown as Withheld
  expect(namesIn(await lastOf(ci))).toContain('npm:keel')
  expect(namesIn(await lastOf(other))).not.toContain('npm:keel')
  expect(namesIn(await last())).not.toContain('npm:keel')
  const everybody = await last('--all')
  expect([everybody.who, namesIn(everybody)]).toEqual([null, expect.arrayContaining(['npm:keel', 'npm:mast'])])
  const all = ['why', '--last', '--all', '--json', '--node', node.ready.http, '--token', ci]
  expect((await hanse(all)).code).toBe(4)
})

test('--last takes no package, and --all goes with it', async () => {
  for (const args of [['why'], ['why', '--all'], ['why', 'npm:mast', '--all'], ['why', 'npm:mast', '--last']]) {
    expect((await node.try(...args)).code).toBe(2)
  }
})

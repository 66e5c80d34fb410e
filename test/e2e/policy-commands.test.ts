import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type FakeRegistry, startFakeRegistry } from '../node/upstream/fake-registry.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { errorOf, eventually, hanse, NodeProcess } from './hanse-process.ts'

let node: NodeProcess
let upstream: FakeRegistry
let folder: string
const stack = new AsyncDisposableStack()

beforeAll(async () => {
  folder = await temporaryFolder()
  upstream = stack.use(await startFakeRegistry())
  const time = new Date().toISOString()
  await upstream.publish('brig', '1.0.0')
  for (const version of ['1.1.0', '1.2.0', '1.3.0']) await upstream.publish('brig', version, { time })
  await upstream.publish('sloop', '1.0.0')
  node = stack.use(await NodeProcess.start(['--network', 'off']))
  await node.end('SIGTERM')
  const config = join(node.home, 'config.yaml')
  const upstreams = `\nupstreams:\n  npmjs: { ecosystem: npm, url: "${upstream.url}" }\n`
  await writeFile(config, (await readFile(config, 'utf8')) + upstreams)
  await node.restart()
  await node.run('route', 'add', 'npm:*', 'upstream/npmjs')
})
afterAll(async () => await stack.disposeAsync())

/** What a client gets of a tarball. */
async function statusOf(name: string, version: string): Promise<number> {
  const answer = await fetch(`${node.ready.http}/npm/${name}/-/${name}-${version}.tgz`)
  await answer.arrayBuffer()
  return answer.status
}

/** At once, as editors do; what is wrong with it is known when the node has read it. */
async function writePolicy(text: string): Promise<Record<string, unknown>> {
  await writeFile(join(node.home, '.policy.yaml'), text)
  await rename(join(node.home, '.policy.yaml'), join(node.home, 'policy.yaml'))
  return await node.run('policy', 'show')
}

async function lockFile(...releases: readonly (readonly [string, string])[]): Promise<string> {
  const packages = Object.fromEntries(releases.map(([name, version]) => [`node_modules/${name}`, { version }]))
  const path = join(folder, 'package-lock.json')
  await writeFile(path, JSON.stringify({ lockfileVersion: 3, packages: { '': {}, ...packages } }))
  return path
}

const readyz = async () => {
  const answer = await fetch(`${node.ready.http}/readyz`)
  const { checks } = (await answer.json()) as { checks: { problems: string } }
  return { status: answer.status, problems: checks.problems }
}

const audited = async (what: string) =>
  (await readFile(join(node.home, 'audit.jsonl'), 'utf8'))
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Record<string, unknown>)
    .filter(event => event.what === what)

it('shows what is in force and where it is written', async () => {
  const shown = await node.run('policy', 'show')
  expect(shown).toMatchObject({ mode: 'enforce', modeFrom: 'policy.yaml', problem: null, waivers: [] })
  expect(shown.rules).toContainEqual({ rule: 'minimumAge', line: expect.any(Number), says: { hours: 72, except: [] } })
  expect(await statusOf('brig', '1.0.0')).toBe(200)
  expect(await statusOf('brig', '1.1.0')).toBe(403)
})

it('takes a saved file over by itself, and keeps the last good one through a broken one and a restart', async () => {
  const text = 'version: 1\ndeny: [{ match: npm:sloop, why: rotten }]\n'
  await writeFile(join(node.home, 'policy.yaml'), text)
  await eventually(
    () => statusOf('sloop', '1.0.0'),
    status => status === 403,
  )
  await writePolicy('version: 1\ndeny: rotten\n')
  const problem = 'policy.yaml:2: deny must be of type array; the last good policy is in force'
  expect(await readyz()).toEqual({ status: 503, problems: problem })
  expect((await node.run('status')).health).toContain(problem)
  expect(await statusOf('sloop', '1.0.0')).toBe(403)
  await node.end('SIGTERM')
  await node.restart()
  expect(await readyz()).toEqual({ status: 503, problems: problem })
  expect(await statusOf('sloop', '1.0.0')).toBe(403)
  await writePolicy('version: 1\n')
  expect([(await readyz()).status, await statusOf('sloop', '1.0.0')]).toEqual([200, 200])
})

it('checks a file without applying it, and without a node', async () => {
  const path = join(folder, 'next.yaml')
  await writeFile(path, 'version: 1\nmode: dry-run\n')
  expect(await hanse(['policy', 'check', path, '--json'])).toMatchObject({
    code: 0,
    json: { ok: true, mode: 'dry-run' },
  })
  await writeFile(path, 'version: 1\nminimumAge: { hours: soon }\n')
  const refused = await hanse(['policy', 'check', path, '--json'])
  expect(errorOf(refused)).toEqual([2, 'E_CONFIG'])
  expect(refused.stdout).toContain(`${path}:2: minimumAge.hours must be of type number`)
  expect(errorOf(await hanse(['policy', 'check', join(folder, 'none.yaml'), '--json']))).toEqual([3, 'E_NOT_FOUND'])
})

it('says what of a lock file would be refused, and lets what is locked stay allowed', async () => {
  const both = await lockFile(['brig', '1.1.0'], ['sloop', '1.0.0'])
  const tested = await node.try('policy', 'test', '--lockfile', both)
  expect(tested.code).toBe(5)
  expect(tested.json).toMatchObject({ mode: 'enforce', releases: 2, unknown: [], unanswered: [] })
  const refused = {
    package: 'npm:brig',
    version: '1.1.0',
    decision: 'hold',
    rule: 'minimumAge',
    until: expect.any(String),
  }
  expect(tested.json?.refused).toEqual([expect.objectContaining(refused)])
  const accept = async (...flags: string[]) =>
    (await node.run('policy', 'accept', '--lockfile', both, ...flags)).changed
  expect([await accept(), await accept()]).toEqual([2, 0])
  expect(await statusOf('brig', '1.1.0')).toBe(200)
  expect((await node.try('policy', 'test', '--lockfile', both)).code).toBe(0)
  expect([await accept('--remove'), await accept('--remove')]).toEqual([2, 0])
  expect(await audited('policy.accept')).toMatchObject([{ releases: 2 }])
})

it('tells apart what nobody has and what could not be asked', async () => {
  upstream.turn('/frigate', { kind: 'drop' })
  const tested = await node.try(
    'policy',
    'test',
    '--lockfile',
    await lockFile(['brig', '9.9.9'], ['ghost', '1.0.0'], ['frigate', '1.0.0']),
  )
  expect(tested.code).toBe(1)
  expect(tested.json).toMatchObject({
    refused: [],
    unknown: [
      { package: 'npm:brig', version: '9.9.9' },
      { package: 'npm:ghost', version: '1.0.0' },
    ],
    unanswered: [{ package: 'npm:frigate', code: expect.stringMatching(/^E_UPSTREAM_/) }],
  })
  expect(errorOf(await node.try('policy', 'test'))).toEqual([2, 'E_USAGE'])
})

it('waives a rule for a release until it is taken back, with who and why in the audit log', async () => {
  expect(await statusOf('brig', '1.2.0')).toBe(403)
  const waiver = await node.run(
    'policy',
    'waive',
    'npm:brig@~1.2',
    '--rule',
    'minimumAge',
    '--why',
    'we wrote it',
    '--until',
    '7d',
  )
  expect(waiver).toMatchObject({ id: 'w1', match: 'npm:brig@~1.2', rules: ['minimumAge'], who: 'local', line: null })
  expect([await statusOf('brig', '1.2.0'), await statusOf('brig', '1.3.0')]).toEqual([200, 403])
  expect((await node.run('policy', 'show')).waivers).toEqual([waiver])
  expect(await node.run('policy', 'unwaive', 'pkg:npm/brig@~1.2')).toEqual([waiver])
  expect(errorOf(await node.try('policy', 'unwaive', 'w1'))).toEqual([3, 'E_NOT_FOUND'])
  expect(await audited('policy.waive')).toMatchObject([{ who: 'local', why: 'we wrote it', match: 'npm:brig@~1.2' }])
  const wrong = (...flags: string[]) => node.try('policy', 'waive', 'npm:brig', ...flags).then(errorOf)
  expect(await wrong('--why', 'x')).toEqual([2, 'E_USAGE'])
  expect(await wrong('--rule', 'age', '--why', 'x')).toEqual([2, 'E_USAGE'])
  expect(await wrong('--rule', 'size', '--why', 'x', '--until', '2020-01-01')).toEqual([2, 'E_USAGE'])
})

it('refuses nothing in a dry-run by command, which is ended by command or by itself', async () => {
  const dryRun = (...flags: string[]) => node.try('policy', 'mode', 'dry-run', ...flags)
  expect(errorOf(await dryRun('--for', '2h'))).toEqual([2, 'E_USAGE'])
  expect(errorOf(await dryRun('--for', '60d', '--reason', 'x'))).toEqual([2, 'E_USAGE'])
  expect((await dryRun('--for', '2h', '--reason', 'release night')).json).toMatchObject({
    mode: 'dry-run',
    modeFrom: 'hanse policy mode, by local: release night',
    dryRunUntil: expect.any(String),
  })
  expect(await statusOf('brig', '1.3.0')).toBe(200)
  expect(await node.run('policy', 'mode', 'enforce')).toMatchObject({ mode: 'enforce', dryRunUntil: null })
})

it('says before it enforces what it would have refused, then enforces', async () => {
  expect(await writePolicy('version: 1\nmode: dry-run\nminimumAge: { hours: 96 }\n')).toMatchObject({ mode: 'dry-run' })
  expect(errorOf(await node.try('policy', 'mode', 'enforce'))).toEqual([2, 'E_USAGE'])
  await upstream.publish('yawl', '1.0.0', { time: new Date().toISOString() })
  await upstream.publish('yawl', '1.1.0', { time: new Date().toISOString() })
  expect(await statusOf('yawl', '1.0.0')).toBe(200)
  const first = await node.try('policy', 'enforce')
  expect([first.code, first.json?.enforced]).toEqual([5, false])
  expect(first.json?.wouldRefuse).toContainEqual(
    expect.objectContaining({
      package: 'npm:yawl',
      version: '1.0.0',
      rule: 'minimumAge',
      line: 3,
      who: [expect.any(String)],
    }),
  )
  expect((await node.run('policy', 'show')).mode).toBe('dry-run')
  expect(await node.run('policy', 'enforce', '--yes')).toMatchObject({ enforced: true, changed: true })
  expect(await node.run('policy', 'enforce')).toMatchObject({ enforced: true, changed: false })
  // That it was installed in dry-run exempts nothing.
  expect([await statusOf('yawl', '1.0.0'), await statusOf('yawl', '1.1.0')]).toEqual([403, 403])
  expect(await node.run('policy', 'show')).toMatchObject({
    modeFrom: 'hanse policy enforce, by local; the file says dry-run',
  })
})

it('goes back change by change and says what is different', async () => {
  expect(await node.run('policy', 'rollback')).toMatchObject({
    what: 'policy.enforce',
    changes: ['mode: enforce → dry-run'],
  })
  expect(await node.run('policy', 'rollback')).toMatchObject({
    what: 'policy.load',
    changes: ['mode: dry-run → enforce', 'minimumAge: {"hours":96,"except":[]} → {"hours":72,"except":[]}'],
  })
  expect(await readFile(join(node.home, 'policy.yaml'), 'utf8')).toBe('version: 1\n')
  const { changesToRollBack } = await node.run('policy', 'show')
  for (let at = 0; at < Number(changesToRollBack); at++) await node.try('policy', 'rollback')
  expect(errorOf(await node.try('policy', 'rollback'))).toEqual([3, 'E_NOT_FOUND'])
})

it('starts a company in dry-run', async () => {
  const home = join(folder, 'company')
  const made = await hanse(['init', 'company', '--home', home, '--json'])
  expect(await hanse(['policy', 'check', String(made.json?.policy), '--json'])).toMatchObject({
    json: { mode: 'dry-run' },
  })
  expect(await readFile(join(home, 'policy.yaml'), 'utf8')).toContain('\nmode: dry-run\n')
})

it('refuses lists of locked releases that are none, or too long', async () => {
  const authorization = `Bearer ${await node.token()}`
  const accept = async (body: string) => {
    const headers = { authorization, 'content-type': 'application/octet-stream' }
    const answer = await fetch(`${node.ready.http}/api/policy/accepted`, { method: 'POST', headers, body })
    const { error } = (await answer.json()) as { error: { code: string } }
    return [answer.status, error.code]
  }
  for (const body of ['', '[', '{"x":"1.0.0"}', '[1]']) expect(await accept(body)).toEqual([400, 'E_USAGE'])
  for (const body of ['{"a b":["1.0.0"]}', '{"x":["../1"]}']) expect(await accept(body)).toEqual([400, 'E_PURL'])
  expect(await accept(`{"x":["${'1'.repeat(9 * 2 ** 20)}"]}`)).toEqual([413, 'E_TOO_LARGE'])
  expect(await node.run('policy', 'show')).toMatchObject({ acceptedReleases: 0 })
})

it('is part of a backup: the file and what commands decided', async () => {
  await node.run('policy', 'waive', 'npm:brig', '--rule', 'all', '--why', 'kept')
  const file = join(folder, 'backup')
  await node.run('backup', file)
  const home = join(folder, 'restored')
  expect(await hanse(['restore', file, '--offline', '--home', home, '--json'])).toMatchObject({ code: 0 })
  const textOf = (from: string, name: string) => readFile(join(from, name), 'utf8')
  for (const name of ['policy.yaml', 'state/policy.json', 'state/policy-last-good.json']) {
    expect([name, await textOf(home, name)]).toEqual([name, await textOf(node.home, name)])
  }
})

it('tells people in lines, not in JSON', async () => {
  const shown = await hanse(['policy', 'show', '--home', node.home])
  expect(shown.stdout).toMatch(/^mode +enforce\nfrom +policy\.yaml\n/)
  expect(shown.stdout).toMatch(/minimumAge +line \d+ +hours 72\n/)
  const tested = await hanse(['policy', 'test', '--lockfile', await lockFile(['brig', '1.0.0']), '--home', node.home])
  expect(tested.stdout).toContain('0 of 1 releases would be refused')
})

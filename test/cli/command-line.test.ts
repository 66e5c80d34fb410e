import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { VERSION } from '../../src/cli/version.ts'
import { runHanse } from './run-hanse.ts'

let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'hanse-cli-'))
})
afterAll(async () => await rm(home, { recursive: true, force: true }))

test('help goes to stdout and exits 0', async () => {
  const { code, out, err } = await runHanse(['--help'])
  expect([code, err]).toEqual([0, ''])
  for (const verb of ['publish', 'search', 'install', 'verify', 'demo']) expect(out).toContain(`  ${verb}`)
})

test('the version is that of package.json', async () => {
  const manifest = JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    version: string
  }
  expect(VERSION).toBe(manifest.version)
})

test('a command without a running node exits 6 and says how to start one', async () => {
  for (const args of [['status'], ['search', 'x'], ['publishers'], ['route', 'list'], ['backup', join(home, 'b')]]) {
    const { code, out, err } = await runHanse([...args, '--home', home])
    expect([code, out]).toEqual([6, ''])
    expect(err).toMatch(/^error\[E_NO_NODE\]: .*\n/)
    expect(err.endsWith(`\nhelp: hanse start --home ${home}\n`)).toBe(true)
  }
  const { err } = await runHanse(['status'], '', { HANSE_HOME: home })
  expect(err).toMatch(/\nhelp: hanse start\n$/)
  const spaced = await runHanse(['status', '--home', "it's here"])
  expect(spaced.err).toMatch(/\nhelp: hanse start --home 'it'\\''s here'\n$/)
})

test('a node elsewhere that does not answer exits 6', async () => {
  const { code, err } = await runHanse(['status', '--node', 'http://127.0.0.1:1', '--token', 't'])
  expect(code).toBe(6)
  expect(err).toContain('error[E_NO_NODE]')
})

test('with --json an error is one document on stdout and nothing else', async () => {
  const { code, out, err } = await runHanse(['status', '--json', '--home', home])
  expect([code, err]).toEqual([6, ''])
  expect(JSON.parse(out)).toEqual({
    error: { code: 'E_NO_NODE', message: `no node runs on ${home}`, hint: `hanse start --home ${home}` },
  })
})

test('HANSE_HOME selects the node, and --home wins over it', async () => {
  const { out } = await runHanse(['status', '--json'], '', { HANSE_HOME: home })
  expect(out).toContain(home)
  const flag = await runHanse(['status', '--json', '--home', '/elsewhere'], '', { HANSE_HOME: home })
  expect(flag.out).toContain('/elsewhere')
})

test('wrong usage exits 2, whatever is wrong with it', async () => {
  const wrong = [
    [],
    ['statos'],
    ['search'],
    ['peer'],
    ['status', 'surplus'],
    ['status', '--unknown'],
    ['init', 'castle'],
    ['start', '--network', 'open'],
    ['start', '--http', 'nowhere'],
    ['start', '--node', 'http://127.0.0.1:1'],
    ['search', 'x', '--limit', '0', '--home', home],
    ['status', '--node', 'file:///etc/passwd'],
  ]
  for (const args of wrong) {
    const { code, err } = await runHanse(args)
    expect([args, code]).toEqual([args, 2])
    expect(err).toMatch(/^error\[E_USAGE\]: .*\nhelp: .+\n$/)
  }
})

test('an empty word is wrong usage, and an empty HANSE_HOME is none', async () => {
  const empty = [
    ['status', '--home', ''],
    ['search', ''],
    ['search', ' ', '--home', home],
    ['publish', ''],
    ['install', 'npm:x', '--to', ''],
    ['start', '--listen', ''],
    ['peer', 'add', ''],
  ]
  for (const args of empty) {
    const { code, err } = await runHanse(args)
    expect([args, code]).toEqual([args, 2])
    expect(err).toMatch(/^error\[E_USAGE\]: .* is empty\nhelp: hanse .+ --help\n$/)
  }
  const { out } = await runHanse(['status', '--json'], '', { HANSE_HOME: '' })
  expect(out).toContain('/nonexistent/.hanse')
})

test('wrong usage of a command names its own help', async () => {
  const { err } = await runHanse(['peer', 'add'])
  expect(err).toMatch(/\nhelp: hanse peer add --help\n$/)
})

test('verify answers every line in order and goes on after a bad one', async () => {
  const lines = [
    '{"hex":"a0"}',
    'not json',
    '',
    '[]',
    '{"hex":"f"}',
    '{"hex":"bf61610161620 2ff"}',
    '{"hex":"a2616201616101"}',
    '{"hex":"a0"}',
  ]
  const { code, out } = await runHanse(['verify', 'record'], lines.join('\n'))
  expect(code).toBe(0)
  const verdicts = out
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { ok: boolean; code?: string })
  expect(verdicts.map(({ ok }) => ok)).toEqual([true, false, false, false, false, false, true])
  expect(verdicts[1]).toEqual({ ok: false, code: 'E_USAGE' })
  for (const { ok, code } of verdicts) expect(ok ? code === undefined : code?.startsWith('E_')).toBe(true)
})

import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Output } from '../../../src/cli/output.ts'
import { doctorHome } from '../../../src/node/home/doctor-home.ts'
import { startNode } from '../../../src/node/start-node.ts'
import type { Finding } from '../../../src/node/storage/index.ts'

/** What may be wrong with a file; a link to itself cannot be read, also by root. */
const FAULTS = {
  truncated: async (path: string) => truncate(path, Math.floor((await readFile(path)).length / 2)),
  empty: (path: string) => writeFile(path, ''),
  garbage: (path: string) => writeFile(path, Buffer.from([0, 255, 254, 123, 10, 58, 1])),
  'a folder': async (path: string) => {
    await rm(path)
    await mkdir(join(path, 'x'), { recursive: true })
  },
  unreadable: async (path: string) => {
    await rm(path)
    await symlink(basename(path), path)
  },
} as const
type Fault = keyof typeof FAULTS

const LEFT = 'starts'
const all = (outcome: string) => ({
  ...{ truncated: outcome, empty: outcome, garbage: outcome },
  ...{ 'a folder': outcome, unreadable: outcome },
})

/** How a start ends with each file of a home broken in each way. */
const OUTCOMES: Readonly<Record<string, Readonly<Record<Fault, string>>>> = {
  'identity.json': { ...all('E_IDENTITY'), 'a folder': 'E_FILE', unreadable: 'E_FILE' },
  'config.yaml': { ...all('E_CONFIG'), empty: LEFT, 'a folder': 'E_FILE', unreadable: 'E_FILE' },
  'policy.yaml': all(LEFT),
  'state/policy-last-good.json': { ...all('E_FILE_CORRUPT'), 'a folder': 'E_FILE', unreadable: 'E_FILE' },
  'state/relations.json': { ...all('E_FILE_CORRUPT'), 'a folder': 'E_FILE', unreadable: 'E_FILE' },
  'state/peers.json': all(LEFT),
  'state/tokens.json': { ...all('E_FILE_CORRUPT'), 'a folder': 'E_FILE', unreadable: 'E_FILE' },
  format: { ...all('E_HOME_CORRUPT'), truncated: LEFT, 'a folder': 'E_FILE', unreadable: 'E_FILE' },
  lock: { ...all(LEFT), 'a folder': 'E_FILE', unreadable: 'E_FILE' },
  'run.json': { ...all(LEFT), 'a folder': 'E_FILE' },
  'audit.jsonl': { ...all(LEFT), 'a folder': 'E_FILE', unreadable: 'E_FILE' },
  'database/CURRENT': { ...all('E_STORAGE_FAILED'), unreadable: 'E_HOME_CORRUPT' },
}

let sound: string
let folder: string

const start = (home: string) => startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off' })

/** Ends every node of these tests before its home is looked at. */
async function outcomeOf(home: string): Promise<string> {
  try {
    await using _node = await start(home)
    return LEFT
  } catch (error) {
    const [out, err] = [new PassThrough(), new PassThrough()]
    new Output(false, { out, err }).error(error)
    const text = String(err.read())
    expect(text).toMatch(/^error\[E_[A-Z_]+\]: .*\n( {2}cause: .*\n( {9}.*\n)*)*help: .+\n$/)
    return /^error\[(.*)\]/.exec(text)![1]!
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hanse-broken-'))
  sound = join(folder, 'sound')
  {
    await using node = await start(sound)
    const { token } = JSON.parse(await readFile(join(sound, 'run.json'), 'utf8')) as { token: string }
    const post = async (path: string, body: object) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const answer = await fetch(node.ready.http + path, { method: 'POST', headers, body: JSON.stringify(body) })
      expect(await answer.json()).not.toHaveProperty('error')
    }
    const other = 'bafyreie6dxhm6wbfzqwc5m3lv6vxpcoj3snnn5dknmqo2bbbtbf6vgvaoq'
    await post('/api/relations', { action: 'allow', publisher: other, patterns: ['npm:@acme/*'], as: 'acme' })
    const peer = '12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK'
    await post('/api/tokens', { name: 'ci', scope: 'read' })
    await post('/api/peers', { multiaddr: `/ip4/127.0.0.1/tcp/1/p2p/${peer}` })
  }
  const routes = '{ routes: [{ match: "npm:@acme/*", to: acme }, { match: "*", to: allowed }] }'
  await writeFile(join(sound, 'config.yaml'), routes)
  await writeFile(join(sound, 'lock'), JSON.stringify({ pid: 1, started: 'another boot' }))
  await writeFile(join(sound, 'run.json'), JSON.stringify({ pid: 1, url: 'http://127.0.0.1:1', token: 't' }))
})
afterAll(async () => await rm(folder, { recursive: true, force: true }))

async function brokenHome(name: string, fault: Fault): Promise<string> {
  const home = await mkdtemp(join(folder, 'home-'))
  await cp(sound, home, { recursive: true })
  await FAULTS[fault](join(home, name))
  return home
}

async function findingsIn(home: string, repair: boolean): Promise<Finding[]> {
  const findings: Finding[] = []
  for await (const finding of doctorHome(home, { repair })) findings.push(finding)
  return findings
}

test.each(Object.keys(OUTCOMES))('a start with a broken %s goes on, or ends with a code and what to do', async name => {
  const found: Record<string, string> = {}
  for (const fault of Object.keys(FAULTS) as Fault[]) found[fault] = await outcomeOf(await brokenHome(name, fault))
  expect(found).toEqual(OUTCOMES[name])
})

test('a peer book that is none is put aside, and the node has an empty one', async () => {
  const home = await brokenHome('state/peers.json', 'garbage')
  expect(await outcomeOf(home)).toBe(LEFT)
  const names = await readdir(join(home, 'state'))
  expect(names.filter(each => /^peers\.json\.corrupt-\d+$/.test(each))).toHaveLength(1)
})

test.each(['truncated', 'a folder', 'unreadable'] as const)(
  'decisions that are %s are put aside by doctor --repair alone, and then count as none',
  async fault => {
    const home = await brokenHome('state/relations.json', fault)
    const examine = async (repair: boolean) => {
      const findings = await findingsIn(home, repair)
      return findings.map(({ kind, subject, repaired }) => [kind, basename(subject), repaired])
    }
    expect(await examine(false)).toEqual([['file', 'relations.json', false]])
    expect(await outcomeOf(home)).toMatch(/^E_FILE/)
    expect(await examine(true)).toEqual([['file', 'relations.json', true]])
    expect(await examine(false)).toEqual([])
    // A route that names a publisher by the lost local name is refused with its place, not dropped.
    expect(await outcomeOf(home)).toBe('E_CONFIG')
    await writeFile(join(home, 'config.yaml'), '')
    expect(await outcomeOf(home)).toBe(LEFT)
  },
)

test('a link to nowhere is no absent file', async () => {
  for (const name of ['identity.json', 'config.yaml', 'state/relations.json']) {
    const home = await brokenHome(name, 'empty')
    await rm(join(home, name))
    await symlink('/nowhere', join(home, name))
    expect([name, await outcomeOf(home)]).toEqual([name, 'E_FILE'])
  }
})

test('keys are never put aside', async () => {
  const home = await brokenHome('identity.json', 'garbage')
  const findings = await findingsIn(home, true)
  expect(findings).toEqual([expect.objectContaining({ kind: 'file', repaired: false })])
  expect(await readdir(dirname(join(home, 'identity.json')))).toContain('identity.json')
})

test('a folder that something else uses is not made a home', async () => {
  const home = join(folder, 'in-use')
  await mkdir(home, { mode: 0o755 })
  await writeFile(join(home, 'thesis.tex'), 'x')
  expect(await outcomeOf(home)).toBe('E_STORAGE_FAILED')
  expect(await readdir(home)).toEqual(['thesis.tex'])
})

test.each(['/proc/hanse', '/proc/self/hanse/home', '/dev/null/home', '/proc'])('%s cannot be a home', async home => {
  expect(await outcomeOf(home)).toMatch(/^E_(STORAGE_FAILED|FILE)$/)
})

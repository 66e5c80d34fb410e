import { once } from 'node:events'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Output } from '../../src/cli/output.ts'
import { startNode } from '../../src/node/index.ts'
import { packageJson, tgzOf } from '../node/archives/archive-writers.ts'
import vectors from '../vectors/ed25519-strict.json' with { type: 'json' }
import { crateBytes, fileIn, folderOfTest, HOSTILE_TARBALLS, sdistBytes, wheelBytes } from './archive-samples.ts'
import { hanse, NodeProcess } from './hanse-process.ts'

let folder: string
let node: NodeProcess
beforeAll(async () => {
  folder = await folderOfTest()
  node = await NodeProcess.start([
    '--bootstrap',
    `/ip4/127.0.0.1/tcp/1/p2p/${'12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK'}`,
  ])
})
afterAll(async () => {
  await node[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** The health of a node that has nothing to complain of but its bootstrap peer, which is not there. */
const SOUND = expect.stringMatching(/^(ok|no bootstrap peer can be reached: E_PEER_UNREACHABLE[^;]*)$/)

/** One JSON object a line in, one verdict a line out. */
async function verify(kind: string, lines: readonly object[]): Promise<{ ok: boolean; code?: string }[]> {
  const { code, stdout } = await hanse(['verify', kind], lines.map(line => `${JSON.stringify(line)}\n`).join(''))
  expect(code).toBe(0)
  return stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { ok: boolean; code?: string })
}

describe('the verify commands', () => {
  it('agree with all 1,273 verdicts on signatures', async () => {
    const verdicts = await verify(
      'signature',
      vectors.map(({ pk, msg, sig }) => ({ pk, msg, sig })),
    )
    expect(verdicts).toHaveLength(1273)
    expect(verdicts.map(({ ok }) => ok)).toEqual(vectors.map(({ strict }) => strict))
  })

  it('refuse every value that is not in its one encoding, and go on', async () => {
    const nested = (depth: number) => `${'81'.repeat(depth)}80`
    const refused = {
      'unsorted keys': 'a2616202616101',
      'double float': 'fb3ff8000000000000',
      'short float': 'f93e00',
      undefined: 'f7',
      'indefinite text': '7f6161ff',
      'indefinite list': '9f01ff',
      'indefinite map': 'bf616101ff',
      'broken UTF-8': '62c328',
      'lone surrogate': '63eda080',
      'duplicate key': 'a2616101616102',
      'long integer': '1801',
      'too large an integer': '1b0020000000000000',
      'another tag': 'c100',
      'forbidden key': `a16b${Buffer.from('constructor').toString('hex')}01`,
      'text that is not NFC': '6365cc81',
      'trailing byte': '0101',
      'depth 17': nested(16),
      'depth 100,000': nested(100_000),
      nothing: '',
    }
    const verdicts = await verify('record', [
      ...Object.values(refused).map(hex => ({ hex })),
      { hex: nested(15) },
      { hex: 'a1616101' },
    ])
    const names = Object.keys(refused)
    expect(names.filter((_, at) => verdicts[at]?.ok !== false || !verdicts[at]?.code?.startsWith('E_'))).toEqual([])
    expect(verdicts.slice(names.length)).toEqual([{ ok: true }, { ok: true }])
  })

  it('refuse every class of hostile archive, and a manifest that disagrees', async () => {
    const hostile = await Promise.all(
      [...HOSTILE_TARBALLS].map(async ([name, bytes]) => ({
        path: await fileIn(folder, `${name}.tgz`, bytes()),
        as: 'npm',
      })),
    )
    const sound = await fileIn(folder, 'x-1.0.0.tgz', tgzOf(packageJson()))
    const verdicts = await verify('archive', [
      ...hostile,
      { path: sound, as: 'npm', purl: 'pkg:npm/x@1.0.1' },
      { path: sound, as: 'wheel' },
      { path: join(folder, 'absent'), as: 'npm' },
      { path: sound, as: 'npm', purl: 'pkg:npm/x@1.0.0' },
      { path: await fileIn(folder, 'foo_bar-1.0-py3-none-any.whl', wheelBytes()), as: 'wheel' },
      { path: await fileIn(folder, 'foo_bar-1.0.tar.gz', sdistBytes()), as: 'sdist' },
      { path: await fileIn(folder, 'winch-0.1.0.crate', crateBytes('winch', '0.1.0')), as: 'crate' },
    ])
    const names = [...HOSTILE_TARBALLS.keys(), 'another version', 'another kind', 'absent file']
    expect(names.filter((_, at) => verdicts[at]?.ok !== false || !verdicts[at]?.code?.startsWith('E_'))).toEqual([])
    expect(verdicts.slice(names.length)).toEqual([{ ok: true }, { ok: true }, { ok: true }, { ok: true }])
  })
})

describe('publishing', () => {
  it('refuses hostile archives with exit 5 and keeps nothing of them', async () => {
    for (const name of ['traversal', 'bomb', 'second gzip member']) {
      const result = await node.try('publish', join(folder, `${name}.tgz`), '--public')
      expect([
        name,
        result.code,
        String((result.json?.error as { code?: string } | undefined)?.code).slice(0, 10),
      ]).toEqual([name, 5, 'E_ARCHIVE_'])
    }
    expect(await node.run('status')).toMatchObject({ releases: 0, artifacts: 0, bytes: 0, health: SOUND })
    expect((await readdir(node.home)).filter(name => name.startsWith('incoming-'))).toEqual([])
  })
})

describe('a place that takes no files', () => {
  it('ends an install at once, and leaves nothing behind', async () => {
    const chart = await fileIn(folder, 'chart.bin', Buffer.alloc(4_000_000, 7))
    await node.run('publish', chart, '--purl', 'generic:chart@7')
    const before = Date.now()
    for (const to of ['/etc/passwd', '/dev/null/x', '/proc/nope']) {
      const { code, json } = await node.try('install', 'generic:chart', '--to', to)
      expect([to, code, json?.error]).toEqual([to, 1, expect.objectContaining({ code: 'E_FILE' })])
    }
    expect(Date.now() - before).toBeLessThan(20_000)
  })

  it('is where a backup lies already: neither it nor its key is written over', async () => {
    const file = join(folder, 'harbour.backup')
    await node.run('backup', file)
    const [first, key] = [await readFile(file), await readFile(`${file}.key`)]
    const { code, json } = await node.try('backup', file)
    expect([code, json?.error]).toEqual([1, expect.objectContaining({ code: 'E_FILE_EXISTS' })])
    expect([await readFile(file), await readFile(`${file}.key`)]).toEqual([first, key])
  })
})

async function answerOf(path: string, init: RequestInit & { token?: string } = {}): Promise<[number, string]> {
  const { token, headers, ...rest } = init
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const answer = await fetch(`${node.ready.http}${path}`, { ...rest, headers: { ...authorization, ...headers } })
  const body = (await answer.json()) as { error?: { code: string } }
  return [answer.status, body.error?.code ?? '']
}

/** What the server says to bytes that fetch would not send. */
async function rawAnswerOf(request: string): Promise<string> {
  const socket = connect(Number(new URL(node.ready.http).port), '127.0.0.1')
  socket.end(request)
  let text = ''
  socket.setEncoding('utf8').on('data', chunk => {
    text += chunk
  })
  await once(socket, 'close')
  return text
}

describe('the HTTP API', () => {
  it('answers hostile requests with a status below 500 and a code', async () => {
    const token = await node.token()
    const json = { method: 'POST', token, headers: { 'content-type': 'application/json' } }
    const bytes = { method: 'POST', token, headers: { 'content-type': 'application/octet-stream' }, body: 'x' }
    expect(await answerOf('/api/relations', { ...json, body: '{' })).toEqual([400, 'E_USAGE'])
    expect(await answerOf('/api/relations', { ...json, body: '{"__proto__":{"a":1}}' })).toEqual([400, 'E_USAGE'])
    expect(await answerOf('/api/relations', { ...json, body: '{"action":"follow","publisher":"x","z":1}' })).toEqual([
      400,
      'E_USAGE',
    ])
    expect(await answerOf('/api/relations', { ...json, body: '{"action":"follow","publisher":"x"}' })).toEqual([
      400,
      'E_PUBLISHER',
    ])
    expect(await answerOf('/api/relations', { ...json, body: ' '.repeat(300_000) })).toEqual([413, 'E_TOO_LARGE'])
    expect(
      await answerOf('/api/relations', { ...json, headers: { 'content-type': 'text/xml' }, body: '<x/>' }),
    ).toEqual([415, 'E_UNSUPPORTED_MEDIA'])
    expect(await answerOf('/api/relations', { ...json, token: 'wrong', body: '{}' })).toEqual([401, 'E_UNAUTHORISED'])
    expect(await answerOf('/api/config')).toEqual([401, 'E_UNAUTHORISED'])
    expect(await answerOf('/api/publish?name=..%2fx&purl=pkg:generic/x@1', bytes)).toEqual([400, 'E_FILE_NAME'])
    expect(await answerOf('/api/publish?name=a%00b&purl=pkg:generic/x@1', bytes)).toEqual([400, 'E_FILE_NAME'])
    expect(await answerOf('/api/info?purl=npm:a%00b')).toEqual([400, 'E_PURL'])
    expect(await answerOf('/api/info?purl=npm:a&purl=npm:b')).toEqual([400, 'E_USAGE'])
    expect(await answerOf('/api/%00')).toEqual([404, 'E_NOT_FOUND'])
    expect(await answerOf('/api/peers/%zz', { method: 'DELETE', token })).toEqual([400, 'E_USAGE'])
    expect(await answerOf(`/api/artifacts/${'0'.repeat(64)}`, { token })).toEqual([404, 'E_NOT_FOUND'])
    expect(await rawAnswerOf('GET /livez HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n')).toContain(
      'E_FORBIDDEN_HOST',
    )
    expect(await rawAnswerOf('GARBAGE\r\n\r\n')).toMatch(/^HTTP\/1.1 400 [\s\S]*"E_USAGE"/)
    expect(await rawAnswerOf(`GET /livez HTTP/1.1\r\nhost: localhost\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 [\s\S]*"E_TOO_LARGE"/,
    )
    expect(await node.run('status')).toMatchObject({ health: SOUND })
  })
})

/** How `hanse start` ends on a home: a node in this process, told as the command line tells it. */
async function startedHere(home: string): Promise<[number, unknown]> {
  const flags = { http: { host: '127.0.0.1', port: 0 }, listen: ['/ip4/127.0.0.1/tcp/0'] }
  try {
    await using _node = await startNode({ home, ...flags })
    return [0, null]
  } catch (error) {
    const [out, err] = [new PassThrough(), new PassThrough()]
    const code = new Output(true, { out, err }).error(error)
    return [code, (JSON.parse(String(out.read())) as { error: unknown }).error]
  }
}

describe('a start', () => {
  const tryStart = async (home: string, ...flags: string[]): Promise<[number, unknown]> => {
    const given = ['--home', home, '--http', '127.0.0.1:0', '--listen', '/ip4/127.0.0.1/tcp/0', ...flags]
    const { code, json } = await hanse(['start', '--json', ...given])
    return [code, json?.error]
  }

  it.each([
    ['netwrk: {}', 'netwrk'],
    ['network: { mode: loud }', 'network.mode'],
    ['http: { port: 99999 }', 'http.port'],
    ['network: { bootstrap: [nonsense] }', 'network.bootstrap.0'],
    ['network: { bootstrap: [/ip4/127.0.0.1/tcp/1] }', 'network.bootstrap.0'],
    ['routes: [{ match: "npm:x", to: nobody }]', 'routes.0'],
    ['network: [', 'config.yaml'],
  ])('with %j names the key %s and exits 2', async (text, key) => {
    const home = await folderOfTest()
    await writeFile(join(home, 'config.yaml'), `${text}\n`)
    const refusal = [2, expect.objectContaining({ code: 'E_CONFIG', message: expect.stringContaining(key) })]
    expect(await startedHere(home)).toEqual(refusal)
    if (key === 'netwrk') expect(await tryStart(home)).toEqual(refusal)
    await rm(home, { recursive: true, force: true })
  })

  it('on a home in use is refused, and the first process goes on', async () => {
    expect(await tryStart(node.home)).toEqual([1, expect.objectContaining({ code: 'E_HOME_IN_USE' })])
    expect((await node.run('status')).peerId).toBe(node.ready.peerId)
  })

  it('on a taken port that was asked for says so and exits 6', async () => {
    const refusal = await tryStart(join(folder, 'elsewhere'), '--http', new URL(node.ready.http).host)
    expect(refusal).toEqual([6, expect.objectContaining({ code: 'E_LISTEN' })])
  })

  it('on corrupted files ends with a code and changes nothing', async () => {
    const broken: [string, string | null, string][] = [
      ['identity.json', '{', 'E_IDENTITY'],
      ['identity.json', null, 'E_IDENTITY'],
      ['state/relations.json', '{', 'E_FILE_CORRUPT'],
      ['format', '{', 'E_HOME_CORRUPT'],
      ['format', '999', 'E_HOME_NEWER'],
      ['database/CURRENT', null, 'E_HOME_CORRUPT'],
    ]
    const refuse = async ([name, text, expected]: [string, string | null, string], at: number) => {
      const home = join(folder, `corrupted-${at}`)
      await cp(node.home, home, { recursive: true })
      await mkdir(join(home, 'state'), { recursive: true })
      if (text === null) await rm(join(home, name))
      else await writeFile(join(home, name), text)
      expect([name, ...(await startedHere(home))]).toEqual([name, 1, expect.objectContaining({ code: expected })])
    }
    await node.end('SIGTERM')
    await Promise.all(broken.map(refuse))
    const repaired = join(folder, `corrupted-${broken.length - 1}`)
    expect((await hanse(['doctor', '--repair', '--home', repaired])).code).toBe(0)
    expect((await hanse(['doctor', '--home', repaired])).code).toBe(0)
  })
})

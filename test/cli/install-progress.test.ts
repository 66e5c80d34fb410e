import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ApiClient } from '../../src/cli/api-client.ts'
import { publishFile } from '../../src/cli/publish-path.ts'
import { runCli } from '../../src/cli/run-cli.ts'
import { findRunFile } from '../../src/cli/run-file.ts'
import { type RunningNode, startNode } from '../../src/node/index.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const ERASE_LINE = '\r\u001b[K'
const SIZE = 4_000_000
const place = { http: { host: '127.0.0.1', port: 0 }, listen: ['/ip4/127.0.0.1/tcp/0'] }
const stack = new AsyncDisposableStack()
let home: string
let folder: string
let publisher: RunningNode
const bytes = randomBytes(SIZE)

async function clientOf(ofHome: string, node: RunningNode): Promise<ApiClient> {
  return new ApiClient(node.ready.http, (await findRunFile(ofHome))?.token)
}

/** Slow enough to be looked at. */
beforeAll(async () => {
  folder = await temporaryFolder()
  const [away, here] = [join(folder, 'away'), join(folder, 'here')]
  home = here
  publisher = stack.use(await startNode({ ...place, home: away, env: { HANSE_NETWORK_MDNS: 'false' } }))
  const client = stack.use(
    await startNode({
      ...{ ...place, home: here, bootstrap: [publisher.ready.addresses[0]!] },
      env: { HANSE_NETWORK_DOWN_BYTES_PER_SECOND: '2 MB' },
    }),
  )
  const api = await clientOf(here, client)
  const relation = { action: 'allow', publisher: publisher.ready.publisher, patterns: ['generic:*'] }
  await api.call('POST', '/api/relations', { body: relation })
  for (const name of ['large', 'other']) {
    await writeFile(join(folder, `${name}.bin`), name === 'large' ? bytes : randomBytes(SIZE))
    await publishFile(await clientOf(away, publisher), join(folder, `${name}.bin`), {
      purl: `generic:${name}@1`,
      public: true,
    })
  }
}, 60_000)
afterAll(() => stack[Symbol.asyncDispose]())

/** Runs `hanse install` with stderr as a terminal, or not. */
function install(words: readonly string[], { isTTY = true, signal = new AbortController().signal } = {}) {
  const [out, err] = [new PassThrough(), Object.assign(new PassThrough(), { isTTY, columns: 120 })]
  const texts = { out: '', err: '' }
  out.on('data', chunk => {
    texts.out += chunk
  })
  err.on('data', chunk => {
    texts.err += chunk
  })
  const argv = ['install', ...words, '--home', home, '--to', join(folder, 'to')]
  const code = runCli(argv, { settings: {}, inherited: {} }, signal, { out, err })
  return { code, texts, err }
}

const shown = (text: string) => text.split(ERASE_LINE).map(stripVTControlCharacters)

test('Ctrl-C in the middle leaves a clean line', async () => {
  const interrupt = new AbortController()
  const { code, texts, err } = install(['generic:large'], { signal: interrupt.signal })
  err.on('data', () => {
    if (/from 1 peer/.test(texts.err)) interrupt.abort()
  })
  expect(await code).toBe(130)
  const lines = shown(texts.err)
  expect(lines.at(-1)).toMatch(/^error\[E_INTERRUPTED\]: /)
  expect(lines.slice(0, -1).join('')).not.toContain('\n')
}, 60_000)

test('a person sees bytes of the whole, rate and peers in one line, which is gone at the end', async () => {
  const { code, texts } = install(['generic:large'])
  expect(await code, texts.err).toBe(0)
  const lines = shown(texts.err)
  expect(
    lines.some(line => /^large\.bin {2}[\d.]+ [kM]?B of 4\.0 MB {2}\d+ % {2}.*\/s {2}from 1 peer$/.test(line)),
  ).toBe(true)
  expect(lines.at(-1)).toBe('')
  expect(texts.err).not.toContain('\n')
  expect((await readFile(join(folder, 'to', 'large.bin'))).equals(bytes)).toBe(true)
}, 60_000)

test('nothing is shown without a terminal, and with --json the mirrors are named', async () => {
  const { code, texts } = install(['generic:other', '--json'])
  expect(await code, texts.out).toBe(0)
  expect(texts.err).toBe('')
  const peer = publisher.ready.peerId
  expect(JSON.parse(texts.out)).toMatchObject({ from: peer, mirrors: [{ peer, bytes: SIZE }] })

  const quiet = install(['generic:other'], { isTTY: false })
  expect(await quiet.code).toBe(0)
  expect(quiet.texts.err).toBe('')
}, 60_000)

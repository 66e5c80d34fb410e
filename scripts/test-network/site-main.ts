/**
 * A node at a site of a test network: `site-main.ts HOME LISTEN_HOST [BOOTSTRAP...]`. Prints what it is once it serves; then each
 * line on standard input asks its API from here, `{id, method, path, body?}`, and is answered with `{id, status, ms, body}`; ends
 * with its standard input.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startNode } from '../../src/node/index.ts'

interface Question {
  readonly id: number
  readonly method: string
  readonly path: string
  readonly body?: unknown
  /** A file's bytes are the body. */
  readonly file?: string
}

const [home = '', host = '', ...bootstrap] = process.argv.slice(2)
await using node = await startNode({
  home,
  bootstrap,
  http: { host: '127.0.0.1', port: 0 },
  listen: [`/ip4/${host}/tcp/7701`],
  network: 'public',
})
const { url, token } = JSON.parse(await readFile(join(home, 'run.json'), 'utf8')) as { url: string; token: string }
const { peerId, publisher } = node.ready
console.log(JSON.stringify({ peerId, publisher, address: `/ip4/${host}/tcp/7701/p2p/${peerId}` }))

const running = new Set<Promise<void>>()
for await (const line of createInterface({ input: process.stdin })) {
  const asked = answer(JSON.parse(line) as Question).finally(() => running.delete(asked))
  running.add(asked)
}

async function answer({ id, method, path, body, file }: Question): Promise<void> {
  const began = performance.now()
  const bytes = file === undefined ? undefined : await readFile(file)
  const type = file === undefined ? 'application/json' : 'application/octet-stream'
  const response = await fetch(new URL(path, url), {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined && !bytes ? {} : { 'content-type': type }) },
    body: bytes ?? (body === undefined ? null : JSON.stringify(body)),
  })
  const text = await response.text()
  const ms = performance.now() - began
  console.log(JSON.stringify({ id, status: response.status, ms, body: parsed(text) }))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text.slice(0, 1_000)
  }
}

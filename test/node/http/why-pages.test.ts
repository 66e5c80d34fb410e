import { createHash } from 'node:crypto'
import fastify from 'fastify'
import { expect, test } from 'vitest'
import { HttpGuard } from '../../../src/node/http/http-guard.ts'
import { whyPages } from '../../../src/node/http/pages/index.ts'
import { lastWithheld } from '../../../src/node/use-cases/last-withheld.ts'
import { VerdictLog, type WithheldVersion } from '../../../src/node/verdict-log/index.ts'

const HOSTILE = `<script>alert("x")</script>'&\u202e`
const verdicts = new VerdictLog(() => 1)
const entryOf = (more: Partial<WithheldVersion>): WithheldVersion => ({
  ...{ at: 1, who: '127.0.0.1', purl: 'pkg:npm/%40acme/x', version: '1.1.0', rule: 'age', message: 'is 3 hours old' },
  ...{ decision: 'hold', enforced: true, until: Date.UTC(2030, 0, 1), hint: 'npm:@acme/x@1.0.0' },
  ...more,
})
verdicts.note(entryOf({}))
verdicts.note(entryOf({ version: '2.0.0', rule: HOSTILE, message: HOSTILE, hint: HOSTILE, purl: `pkg:npm/${HOSTILE}` }))
verdicts.note(entryOf({ who: 'local', version: '3.0.0', enforced: false, until: null }))
verdicts.note(entryOf({ who: '192.0.2.7', purl: 'pkg:npm/theirs' }))

const asked: string[] = []
const guard = new HttpGuard({
  ...{ host: '127.0.0.1', publicUrl: null, token: 'secret', openReads: false, trustedProxies: [] },
  tokens: { find: () => null, use: () => {} },
})
const services = {
  lastWithheld: (names: readonly string[] | null) => lastWithheld({ verdicts }, names),
  async why(purl: string): Promise<object> {
    asked.push(purl)
    if (purl === 'fault') throw new Error(HOSTILE)
    return {
      ...{ purl, version: null, decision: 'hold', why: HOSTILE, mode: 'enforce', until: null, instead: 'npm:x@1.0.0' },
      reasons: [{ rule: 'age', message: HOSTILE, line: 7, hint: 'hanse policy waive\nor wait' }],
      help: 'or wait',
      route: 'npm:* → upstream/npmjs',
      publisher: null,
      facts: { state: 'unknown', visibility: null, known: [{ fact: HOSTILE, value: [HOSTILE], from: HOSTILE }] },
    }
  },
}
const faults: string[] = []

async function ask(url: string, headers: Record<string, string> = {}, remoteAddress = '127.0.0.1') {
  const app = fastify()
  await app.register(whyPages({ services, guard, log: message => void faults.push(message) }))
  return await app.inject({ url, remoteAddress, headers: { host: '127.0.0.1:7700', accept: 'text/html', ...headers } })
}

test('the page says what was withheld from whoever asks, why, until when, and what helps', async () => {
  const { statusCode, body } = await ask('/why/last')
  expect(statusCode).toBe(200)
  for (const text of ['npm:@acme/x', '1.1.0', 'is held until 2030-01-01 00:00 UTC', 'is 3 hours old']) {
    expect(body).toContain(text)
  }
  expect(body).toContain('What helps: <code>npm:@acme/x@1.0.0</code>')
  expect(body).toContain('href="./npm%3A%40acme%2Fx%401.1.0"')
  expect(body).not.toContain('3.0.0')
  expect(body).not.toContain('theirs')
})

test('nothing of what strangers wrote is HTML, and a page loads and runs nothing', async () => {
  for (const url of ['/why/last', `/why/${encodeURIComponent(HOSTILE)}`]) {
    const { body, headers } = await ask(url)
    expect(body).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;&amp;')
    expect(body).not.toMatch(/<script|\u202e/)
    const style = /<style>([\s\S]*?)<\/style>/.exec(body)?.[1] ?? ''
    const digest = createHash('sha256').update(style).digest('base64')
    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    )
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
  }
})

test('the page of a package has the decision, the rule with its line, what helps once, the facts', async () => {
  const { body } = await ask('/why/npm:x')
  expect(body).toContain('<h1>npm:x</h1>')
  expect(body).toContain('<code>age</code> (policy.yaml, line 7): ')
  expect(body).toContain('<li><code>or wait</code></li><li><code>hanse policy waive</code></li></ul>')
  expect(body).toContain('<dt>instead</dt><dd>npm:x@1.0.0</dd>')
  expect(body).toContain('<dt>route</dt><dd>npm:* → upstream/npmjs</dd><dt>release</dt><dd>unknown</dd>')
})

test('programs that ask for JSON get what the API answers', async () => {
  const { body } = await ask('/why/last', { accept: 'application/json', authorization: 'Bearer secret' })
  expect(JSON.parse(body)).toMatchObject({ who: ['local', '127.0.0.1'], minutes: 10 })
  const explained = await ask('/why/npm:x', { accept: 'application/json' })
  expect(explained.json()).toMatchObject({ purl: 'npm:x', decision: 'hold' })
  expect((await ask('/why/last', { accept: 'application/json, text/html' })).headers['content-type']).toMatch(/html/)
})

test('a token sees its own, also in a browser, which asks for it', async () => {
  const basic = `Basic ${Buffer.from('any:secret').toString('base64')}`
  expect((await ask('/why/last', { authorization: basic })).body).toContain('3.0.0')
  const prompt = await ask('/why/last?login')
  expect([prompt.statusCode, prompt.headers['www-authenticate']]).toEqual([401, expect.stringMatching(/^Basic realm=/)])
  expect((await ask('/why/last?login', { authorization: basic })).statusCode).toBe(200)
  const far = await ask('/why/last', {}, '192.0.2.7')
  expect([far.statusCode, far.body]).toEqual([401, expect.stringContaining('E_UNAUTHORISED')])
  expect(far.body).not.toContain('theirs')
})

test('the package in the path is decoded once, and what is none is refused', async () => {
  asked.length = 0
  for (const path of ['npm:@acme/x@1.0.0', 'npm%3A%40acme%2Fx%401.0.0', 'pkg:npm/%2540acme/x?y=1']) {
    expect((await ask(`/why/${path}`)).statusCode).toBe(200)
  }
  expect(asked).toEqual(['npm:@acme/x@1.0.0', 'npm:@acme/x@1.0.0', 'pkg:npm/%40acme/x'])
  for (const path of ['', '%zz', '%ff']) expect((await ask(`/why/${path}`)).statusCode).toBe(400)
})

test('a fault of the node is logged and not shown', async () => {
  const { statusCode, body } = await ask('/why/fault')
  expect([statusCode, body]).toEqual([500, expect.stringContaining('E_INTERNAL')])
  expect(body).not.toContain('alert')
  expect(faults).toEqual(['GET /why/fault failed'])
})

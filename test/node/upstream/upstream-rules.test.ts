import { expect, test } from 'vitest'
import { upstreamSettingsSchema } from '../../../src/node/upstream/index.ts'
import { expectedDigestsOf } from '../../../src/node/upstream/npm/npm-digest.ts'
import { targetOf } from '../../../src/node/upstream/target-guard.ts'
import { digestsOf } from './fake-registry.ts'

test.each([
  ['https://r.test/', 'http://r.test/x'],
  ['https://r.test/', 'http://cdn.test/x'],
  ['https://r.test/', 'https://127.0.0.1/x'],
  ['https://r.test/', 'https://localhost/x'],
  ['https://r.test/', 'https://a.localhost./x'],
  ['https://r.test/', 'https://[::1]/x'],
  ['https://r.test/', 'https://[::ffff:10.0.0.1]/x'],
  ['http://r.test/', 'http://169.254.169.254/latest'],
  ['http://r.test/', 'http://0x7f000001/'],
  ['http://r.test/', 'ftp://r.test/'],
  ['http://r.test/', 'data:,x'],
  ['http://r.test/', 'http://['],
  ['http://r.test/', `http://r.test/${'a'.repeat(5000)}`],
])('an upstream at %s may not lead to %s', (upstream, target) => {
  const base = new URL(upstream)
  expect(() => targetOf(target, base, base)).toThrow(expect.objectContaining({ code: 'E_UPSTREAM_ANSWER' }))
})

test.each([
  ['https://r.test/npm/', 'https://cdn.test/x?sig=1#part', 'https://cdn.test/x?sig=1'],
  ['https://r.test/npm/', '../x', 'https://r.test/x'],
  ['https://r.test/npm/', 'https://bob:secret@r.test/x', 'https://r.test/x'],
  ['http://10.0.0.1/npm/', 'http://10.0.0.2/x', 'http://10.0.0.2/x'],
  ['http://localhost:1/', 'http://127.0.0.1:2/x', 'http://127.0.0.1:2/x'],
])('an upstream at %s may lead to %s', (upstream, target, expected) => {
  const base = new URL(upstream)
  expect(targetOf(target, base, base).href).toBe(expected)
})

test('of many digests the strongest known count, in their one spelling', () => {
  const { integrity, shasum } = digestsOf(Buffer.from('x'))
  const sha512 = { algorithm: 'sha512', digests: [integrity.slice(7)] }
  expect(expectedDigestsOf({ integrity, shasum })).toEqual(sha512)
  expect(expectedDigestsOf({ integrity: `  sha1-${Buffer.alloc(20).toString('base64')}\n${integrity}?opt ` })).toEqual(
    sha512,
  )
  expect(expectedDigestsOf({ integrity: integrity.replace(/=+$/, '') })).toEqual(sha512)
  expect(expectedDigestsOf({ shasum: shasum.toUpperCase() })).toEqual(expectedDigestsOf({ shasum }))
  for (const absent of ['', ' ', 7, null, undefined]) {
    expect(expectedDigestsOf({ integrity: absent, shasum })?.algorithm).toBe('sha1')
    expect(expectedDigestsOf({ integrity: absent, shasum: 'g'.repeat(40) })).toBeNull()
  }
})

test('a damaged integrity leads to no weaker check', () => {
  const { integrity, shasum } = digestsOf(Buffer.from('x'))
  // The last character of 64 bytes in base64 has four bits that no byte has.
  const spareBit = integrity.replace(/.==$/, last => `${String.fromCharCode(last.charCodeAt(0) + 1)}==`)
  for (const damaged of ['sha512-', 'sha512-AAAA', 'md5-AAAA', 'SHA512-x', `${integrity} `.repeat(100), spareBit]) {
    expect(expectedDigestsOf({ integrity: damaged, shasum })).toBeNull()
  }
})

test('settings: a path gets its slash; what is no plain http(s) address is refused', () => {
  const parse = (url: string, more: object = {}) => upstreamSettingsSchema.safeParse({ name: 'nexus', url, ...more })
  expect(parse('https://r.test/repository/npm').data?.url).toBe('https://r.test/repository/npm/')
  expect(parse('https://r.test').data).toEqual({
    name: 'nexus',
    url: 'https://r.test/',
    credentials: { kind: 'none' },
    caFile: null,
    proxy: null,
    trustTime: false,
    freshMs: 300_000,
  })
  for (const url of [
    'r.test',
    'ftp://r.test',
    'https://bob@r.test',
    'https://:p@r.test',
    'https://r.test?x',
    'https://r.test/#x',
  ]) {
    expect(parse(url).success, url).toBe(false)
  }
  for (const more of [{ name: '../x' }, { name: 'A' }, { proxy: 'socks5://x' }, { proxy: 'direct' }, { token: 'x' }]) {
    expect(parse('https://r.test', more).success).toBe(false)
  }
})

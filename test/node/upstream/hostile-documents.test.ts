import { expect, test } from 'vitest'
import { jsonRefusalOf } from '../../../src/node/upstream/npm/json-scan.ts'
import { parsePackument } from '../../../src/node/upstream/npm/parse-packument.ts'
import { digestsOf, startFakeRegistry } from './fake-registry.ts'
import { CALM, openFixture } from './upstream-fixture.ts'

const dist = { tarball: 'https://r.test/x/-/x.tgz', ...digestsOf(Buffer.from('x')) }
const manifest = (version: unknown, more: object = {}) => ({ name: 'x', version, dist, ...more })
const parse = (document: unknown) =>
  parsePackument('x', Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)))

test.each([
  ['no JSON', '{"name":"x"'],
  ['no object', '[]'],
  ['null', 'null'],
  ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ['no name', '{}'],
  ['another name', '{"name":"y"}'],
  ['versions as a list', '{"name":"x","versions":[]}'],
  ['versions as null', '{"name":"x","versions":null}'],
  ['tags as text', '{"name":"x","dist-tags":"latest"}'],
  ['time as a number', '{"name":"x","time":1}'],
  ['a thousand levels', `{"name":"x","a":${'['.repeat(1000)}${']'.repeat(1000)}}`],
  ['five million values', `{"name":"x","a":[${'0,'.repeat(5_000_000)}0]}`],
])('a document with %s is refused', (_, bytes) => {
  expect(() => parsePackument('x', Buffer.from(bytes as string))).toThrow(
    expect.objectContaining({ code: 'E_UPSTREAM_DOCUMENT' }),
  )
})

test('a document of a million versions is refused, and the node lives on', async () => {
  const versions = Array.from({ length: 1_000_000 }, (_, i) => `"${i}.0.0":{}`).join(',')
  await using registry = await startFakeRegistry()
  registry.say('x', `{"name":"x","versions":{${versions}}}`)
  await registry.publish('y', '1.0.0')
  await using fixture = await openFixture(registry.url)
  for (let i = 0; i < 3; i++) {
    await expect(fixture.upstream.packument('x', CALM)).rejects.toMatchObject({ code: 'E_UPSTREAM_DOCUMENT' })
  }
  expect(registry.requests).toHaveLength(1)
  expect(await fixture.upstream.packument('y', CALM)).not.toBeNull()
})

test('versions that are none are left out with the tags that name them, the others stay', () => {
  const parsed = parse({
    name: 'x',
    'dist-tags': { latest: '1.0.0', beta: 'v2.0.0', gone: '9.9.9', odd: 1 },
    versions: {
      '1.0.0': manifest('1.0.0'),
      '1.0.0+build.7': manifest('1.0.0+build.7'),
      '1.0.0-rc.1': manifest('1.0.0-rc.1'),
      '1.0.0beta2': manifest('1.0.0beta2'),
      'v2.0.0': manifest('v2.0.0'),
      '=2.0.0': manifest('=2.0.0'),
      '1.0.0 ': manifest('1.0.0 '),
      '9007199254740993.0.0': manifest('9007199254740993.0.0'),
      '1.0': manifest('1.0'),
      latest: manifest('latest'),
      constructor: manifest('constructor'),
      '3.0.0': manifest('3.0.1'),
      '3.0.1': { ...manifest('3.0.1'), name: 'y' },
      '3.0.2': null,
      '3.0.3': [],
      '3.0.4': { name: 'x', version: '3.0.4' },
      '3.0.5': manifest('3.0.5', { dist: { ...dist, tarball: 'file:///etc/passwd' } }),
      '3.0.6': manifest('3.0.6', { dist: { tarball: dist.tarball } }),
      '3.0.7': manifest('3.0.7', { dist: { ...dist, integrity: 7 } }),
      '3.0.8': manifest('3.0.8', { dist: { tarball: dist.tarball, integrity: 'md5-AAAA' } }),
      [`4.0.0-${'a'.repeat(200)}`]: manifest(`4.0.0-${'a'.repeat(200)}`),
    },
    time: { created: '2020-01-01', '1.0.0': 'yesterday', '9.9.9': '2020-01-01T00:00:00Z', odd: 1 },
  })
  expect(Object.keys(parsed!.document.versions)).toEqual(['1.0.0', '1.0.0+build.7', '1.0.0-rc.1', '1.0.0beta2'])
  expect({ ...parsed!.document['dist-tags'] }).toEqual({ latest: '1.0.0' })
  expect({ ...parsed!.document.time }).toEqual({ created: '2020-01-01', '9.9.9': '2020-01-01T00:00:00Z' })
  expect(parsed!.dropped).toBe(17)
})

test('__proto__, however it is written, becomes nobody’s prototype', () => {
  for (const key of ['__proto__', '\\u005f_proto__', '\\u005F\\u005fproto\\u005f_']) {
    const bad = `{"polluted":true,"name":"x","version":"${key}"}`
    const parsed = parse(
      `{"name":"x","${key}":${bad},"versions":{"${key}":${bad},"1.0.0":${JSON.stringify(manifest('1.0.0')).slice(
        0,
        -1,
      )},"${key}":${bad}}},"dist-tags":{"${key}":"1.0.0"},"time":{"${key}":"2020-01-01"}}`,
    )!.document
    expect(JSON.stringify(parsed)).not.toContain('polluted')
    expect(Object.assign({}, parsed, parsed.versions, parsed.versions['1.0.0'])).not.toHaveProperty('polluted')
    expect(Object.keys(parsed.versions)).toEqual(['1.0.0'])
  }
  const { versions, 'dist-tags': tags, time } = parse({ name: 'x', time: {} })!.document
  for (const key of ['__proto__', 'constructor', 'toString']) {
    expect([versions[key], tags[key], time![key]]).toEqual([undefined, undefined, undefined])
  }
})

test('a package that was unpublished whole counts as absent', () => {
  expect(parse({ name: 'x', time: { unpublished: { name: 'bob', time: '2020-01-01' } } })).toBeNull()
  expect(parse({ name: 'x' })!.document).toEqual({ name: 'x', 'dist-tags': {}, versions: {} })
})

test('the scan sees structure, not what strings hold', () => {
  const text = JSON.stringify({ a: '[[[{{{,,,"\\', 'b\\"{': ['\\\\', '"'] })
  expect(jsonRefusalOf(Buffer.from(text))).toBeNull()
  expect(jsonRefusalOf(Buffer.from(`{"a":"${'['.repeat(2000)}"}`))).toBeNull()
  expect(jsonRefusalOf(Buffer.from(`"\\""${'['.repeat(513)}`))).toBe('too deep')
  expect(jsonRefusalOf(Buffer.from('[{}]'.repeat(513)))).toBeNull()
  const many = `{"a":0${',"a":0'.repeat(60_000)}}`
  expect(jsonRefusalOf(Buffer.from(`{"versions":${many},"time":${many}}`))).toBeNull()
  expect(jsonRefusalOf(Buffer.from('"unterminated\\'))).toBeNull()
})

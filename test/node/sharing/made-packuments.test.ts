import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDigest } from '../../../src/node/sharing/digest-text.ts'
import { MAX_MADE_BYTES, MAX_MADE_VERSIONS, MAX_MANIFEST_BYTES } from '../../../src/node/sharing/limits.ts'
import { MadePackuments } from '../../../src/node/sharing/made-packuments.ts'
import type { OriginStatement, StatedVersions } from '../../../src/node/sharing/origin-statements.ts'
import { encodeVersionDocument, parseVersionDocument } from '../../../src/node/sharing/version-document.ts'
import { MAX_JSON_DEPTH } from '../../../src/node/upstream/npm/limits.ts'
import type { BlockId, PublisherId, Sha256 } from '../../../src/protocol/index.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const CALM = new AbortController().signal

const digestOf = (version: string) => `sha512-${createHash('sha512').update(version).digest('base64')}`

const manifestOf = (version: string, more: object = {}) => ({
  name: 'hull',
  version,
  dist: { tarball: `https://registry.example.org/hull/-/hull-${version}.tgz`, integrity: digestOf(version) },
  ...more,
})

interface Stated {
  readonly version: string
  readonly document: unknown
  readonly time?: number | null
  readonly digest?: string
  readonly size?: number
}

/** Statements of one publisher with the documents that travel with them; `null`: nobody has it. */
function world(all: readonly Stated[], publisher = 'harbour') {
  const documents = new Map<Sha256, unknown>()
  const stated = new Map<string, OriginStatement[]>()
  for (const [at, { version, document, time = null, digest = digestOf(version), size = 1 }] of all.entries()) {
    const sha256 = createHash('sha256').update(`${publisher}${at}`).digest('hex') as Sha256
    documents.set(sha256, document)
    const artifact = { name: 'manifest.json', cid: 'cid' as BlockId, size, sha256 }
    const statement = { version, digest, time, artifact, of: 'manifest', expected: parseDigest(digest)! } as const
    const known = stated.get(version) ?? []
    stated.set(version, [...known, { ...statement, publisher: publisher as PublisherId }])
  }
  const opened: string[] = []
  const made = new MadePackuments({
    now: () => NOW,
    open: async ({ artifact, version }) => {
      opened.push(version)
      const document = documents.get(artifact.sha256)
      if (document === null || document === undefined) return null
      return Buffer.from(typeof document === 'string' ? document : JSON.stringify(document))
    },
  })
  const of = (trustTime = true) => made.of('hull', 'npmjs', [stated], trustTime, CALM)
  return { of, opened, documents, made, stated: stated as StatedVersions }
}

const plain = (version: string, tags: readonly string[] = []): Stated => ({
  version,
  document: { manifest: manifestOf(version), tags },
})

describe('a document made of statements', () => {
  test('lists the stated versions as the upstream did, with its times and tags', async () => {
    const time = Date.parse('2024-05-01T00:00:00Z')
    const manifest = manifestOf('1.1.0', { dependencies: { plank: '^2' }, os: ['linux'], hasInstallScript: true })
    const { of } = world([
      plain('1.0.0', ['stable']),
      { version: '1.1.0', time, document: { manifest, tags: ['latest'] } },
    ])
    const packument = (await of())!
    expect(packument.document).toMatchObject({
      name: 'hull',
      'dist-tags': { latest: '1.1.0', stable: '1.0.0' },
      time: { '1.1.0': '2024-05-01T00:00:00.000Z' },
    })
    const dist = { ...manifest.dist, tarball: 'https://tarball.invalid/' }
    expect(packument.document.versions['1.1.0']).toEqual({ ...manifest, dist })
    expect(packument.versions.get('1.1.0')).toMatchObject({
      firstSeen: time,
      manifest: { installScripts: ['binding.gyp'] },
    })
  })

  test('has as latest the newest that is no prerelease, where nobody stated the tag', async () => {
    const { of } = world([plain('1.0.0'), plain('2.0.0-rc.1'), plain('1.2.0')])
    expect((await of())!.document['dist-tags']).toEqual({ latest: '1.2.0' })
  })

  test('believes no time of an upstream that is not trusted with it, and remembers when it learned of a version', async () => {
    const { of } = world([
      { ...plain('1.0.0'), time: 0 },
      { version: '1.1.0', document: null },
    ])
    expect((await of(false))!.versions.get('1.0.0')?.firstSeen).toBe(NOW)
    expect((await of(true))!.versions.get('1.0.0')?.firstSeen).toBe(0)
    const later = world([{ ...plain('1.0.0'), time: NOW + 1e9 }])
    expect((await later.of(true))!.versions.get('1.0.0')?.firstSeen).toBe(NOW)
  })

  test('leaves out what is not what was stated, and takes the next publisher’s', async () => {
    const other = { manifest: { ...manifestOf('1.0.0'), dist: manifestOf('9.9.9').dist }, tags: [] }
    const { of } = world([
      { version: '1.0.0', document: other },
      plain('1.1.0'),
      { version: '1.2.0', document: { manifest: manifestOf('1.1.0'), tags: [] } },
      { version: '1.3.0', document: '{"manifest":' },
      { version: '1.4.0', document: { manifest: { ...manifestOf('1.4.0'), name: 'keel' }, tags: [] } },
    ])
    expect(Object.keys((await of())!.document.versions)).toEqual(['1.1.0'])
    const both = world([{ version: '1.0.0', document: other }, plain('1.0.0')])
    expect(Object.keys((await both.of())!.document.versions)).toEqual(['1.0.0'])
  })

  test('is none where nothing usable is stated', async () => {
    expect(await world([]).of()).toBeNull()
    expect(await world([{ version: '1.0.0', document: null }]).of()).toBeNull()
    expect(
      await world([{ version: 'no version', document: { manifest: manifestOf('no version'), tags: [] } }]).of(),
    ).toBeNull()
  })

  test('is made once, and again when something was missing', async () => {
    const whole = world([plain('1.0.0')])
    expect(await whole.of()).toBe(await whole.of())
    expect(whole.opened).toEqual(['1.0.0'])
    const partial = world([plain('1.0.0'), { version: '1.1.0', document: null }])
    const first = (await partial.of())!
    const [missing] = [...partial.documents].filter(([, document]) => document === null).map(([sha256]) => sha256)
    partial.documents.set(missing!, { manifest: manifestOf('1.1.0'), tags: [] })
    const second = (await partial.of())!
    expect([...first.versions.keys(), ...second.versions.keys()]).toEqual(['1.0.0', '1.0.0', '1.1.0'])
    expect(second.revision).not.toBe(first.revision)
  })

  test('has the newest of however many versions somebody states', async () => {
    const many = world(Array.from({ length: MAX_MADE_VERSIONS * 3 }, (_, at) => plain(`1.0.${at}`)))
    expect(Object.keys((await many.of())!.document.versions)).toHaveLength(MAX_MADE_VERSIONS)
    expect(many.opened).toHaveLength(MAX_MADE_VERSIONS)
    expect(many.opened).toContain(`1.0.${MAX_MADE_VERSIONS * 3 - 1}`)
  })

  test('has no more bytes than one may have, of the newest that fit', async () => {
    const large = Array.from({ length: 12 }, (_, at) => ({ ...plain(`2.0.${at}`), size: MAX_MANIFEST_BYTES }))
    const many = world([...large, plain('1.0.0')])
    const versions = Object.keys((await many.of())!.document.versions)
    expect(versions).toHaveLength(Math.ceil(MAX_MADE_BYTES / MAX_MANIFEST_BYTES))
    expect(versions).toContain('2.0.11')
    expect(many.opened).toHaveLength(versions.length)
  })

  test('keeps the versions of others when one is as deep as JSON may be', async () => {
    for (const depth of [MAX_JSON_DEPTH - 3, MAX_JSON_DEPTH - 2, MAX_JSON_DEPTH - 1]) {
      const manifest = JSON.stringify({ ...manifestOf('2.0.0'), x: 'DEEP' })
      const deep = manifest.replace('"DEEP"', `${'['.repeat(depth)}${']'.repeat(depth)}`)
      const { of } = world([{ version: '2.0.0', document: `{"manifest":${deep},"tags":[]}` }, plain('1.0.0')])
      expect(Object.keys((await of())!.document.versions)).toContain('1.0.0')
    }
  })

  test('survives whatever a publisher sends as one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.array(fc.string()), async (text, tags) => {
        const hostile = `{"manifest":{"__proto__":{"polluted":1},"version":"1.0.0","name":"hull","dist":${text}},"tags":${JSON.stringify(tags)}}`
        const { of } = world([{ version: '1.0.0', document: hostile }, plain('1.1.0')])
        expect(Object.keys((await of())!.document.versions)).toEqual(['1.1.0'])
        expect(({} as { polluted?: number }).polluted).toBeUndefined()
      }),
      { numRuns: 50 },
    )
  })
})

test('what travels with a version does not tell which mirror its publisher asks', async () => {
  const manifest = manifestOf('1.0.0', { main: 'index.js' })
  const document = { name: 'hull', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': manifest } }
  const bytes = encodeVersionDocument(document, manifest)!
  expect(bytes.toString()).not.toContain('registry.example.org')
  const parsed = parseVersionDocument(bytes)
  expect(parsed).toEqual({ manifest: { ...manifest, dist: { integrity: digestOf('1.0.0') } }, tags: ['latest'] })
  const { of } = world([{ version: '1.0.0', document: parsed }])
  expect(Object.keys((await of())!.document.versions)).toEqual(['1.0.0'])
})

test('a document too large, too deep or of another shape is none', () => {
  const tooLarge = JSON.stringify({ manifest: { readme: 'x'.repeat(300_000) }, tags: [] })
  const tooDeep = `{"manifest":${'['.repeat(5_000)}${']'.repeat(5_000)}}`
  for (const text of [tooLarge, tooDeep, '[]', 'null', '{"manifest":[]}', '{"tags":[]}', '\xff']) {
    expect(parseVersionDocument(Buffer.from(text, 'latin1'))).toBeNull()
  }
  const parsed = parseVersionDocument(Buffer.from('{"manifest":{},"tags":["latest","__proto__",1,""]}'))
  expect(parsed?.tags).toEqual(['latest'])
})

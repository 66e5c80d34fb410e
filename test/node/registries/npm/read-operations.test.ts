import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { NpmAnswer } from '../../../../src/node/registries/npm/npm-answer.ts'
import type { NpmPackument, NpmSource } from '../../../../src/node/registries/npm/npm-source.ts'
import { PackumentBodies } from '../../../../src/node/registries/npm/packument-bodies.ts'
import { ReadOperations, type ReadParts } from '../../../../src/node/registries/npm/read-operations.ts'
import type { RoutedPackage } from '../../../../src/node/registries/npm/registry-router.ts'
import type { PackageName } from '../../../../src/protocol/index.ts'
import { listener, NO_FACTS } from '../../policy/no-facts.ts'

const calm = new AbortController().signal

/** A source of one package; counts how often its document is read. */
function fakeSource() {
  const versions = ['1.0.0', '1.1.0'].map(version => {
    const dist = { tarball: `https://elsewhere.example/x-${version}.tgz`, integrity: 'sha512-AA==' }
    return [version, { name: 'x', version, dist }] as const
  })
  const document = { name: 'x', 'dist-tags': { latest: '1.1.0' }, versions: Object.fromEntries(versions) }
  const state = { revision: 'r1', reads: 0, isThere: true }
  const packument: NpmPackument = {
    get revision() {
      return state.revision
    },
    get document() {
      state.reads++
      return document
    },
    versions: null,
  }
  const source: NpmSource = {
    packument: async () => (state.isThere ? packument : null),
    tarball: async (_name, version) =>
      Object.hasOwn(document.versions, version)
        ? { size: 10, bytes: Readable.from([Buffer.from('0123456789')]) }
        : null,
  }
  return { source, state }
}

/** Reads over one source, under a rule that refuses some versions. */
function openReads(refused: ReadonlySet<string> = new Set()) {
  const { source, state } = fakeSource()
  const pinned: string[] = []
  const rule = { name: 'test', judge: ({ version }: { version: string }) => objectionTo(version, refused) }
  const policy: { now: ReturnType<ReadParts['policy']> } = { now: { revision: 'p1', policy: { rules: [rule] } } }
  const heard = listener()
  const name = 'pkg:npm/x' as PackageName
  const route = { to: 'upstream', name: 'u', route: { match: '*', target: { to: 'upstream', name: 'u' } } }
  const routed = { package: name, source, sourceKey: 'upstream/u', route } as unknown as RoutedPackage
  const reads = new ReadOperations({
    router: { sourceOf: () => routed },
    facts: NO_FACTS,
    bodies: new PackumentBodies(),
    policy: () => policy.now,
    now: () => 0,
    told: heard,
    pin: async ({ package: each }) => void pinned.push(each),
  })
  return { reads, state, policy, pinned, heard }
}

const objectionTo = (version: string, refused: ReadonlySet<string>) =>
  refused.has(version) ? ({ decision: 'deny', rule: 'test', message: 'not this one' } as const) : null

const asked = (given: object = {}) =>
  ({
    form: 'full',
    encoding: 'identity',
    base: 'http://a/npm',
    ifNoneMatch: undefined,
    who: 'ci',
    signal: calm,
    ...given,
  }) as const

const jsonOf = (answer: NpmAnswer) => JSON.parse((answer.body as Buffer).toString())

describe('a packument', () => {
  it('is sent in the form and encoding asked for, and read from its source once for each', async () => {
    const { reads, state } = openReads()
    const full = await reads.packument('x', asked())
    expect(full.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      vary: 'accept, accept-encoding',
    })
    expect(jsonOf(full).versions['1.0.0'].dist.tarball).toBe('http://a/npm/x/-/x-1.0.0.tgz')
    const short = await reads.packument('x', asked({ form: 'short', encoding: 'gzip' }))
    expect(short.headers).toMatchObject({
      'content-type': 'application/vnd.npm.install-v1+json',
      'content-encoding': 'gzip',
      'content-length': (short.body as Buffer).length,
    })
    expect(Object.keys(JSON.parse(gunzipSync(short.body as Buffer).toString()))).toEqual([
      'name',
      'dist-tags',
      'versions',
    ])
    expect(state.reads).toBe(2)
    for (let again = 0; again < 5; again++) await reads.packument('x', asked())
    expect(state.reads).toBe(2)
  })

  it('is not sent again to a client that has it, until document or policy change', async () => {
    const { reads, state, policy, heard } = openReads(new Set(['1.1.0']))
    const first = await reads.packument('x', asked())
    expect(heard.withheld).toMatchObject([{ version: '1.1.0', rule: 'test', who: 'ci', enforced: true }])
    const etag = String(first.headers.etag)
    for (const ifNoneMatch of [etag, `W/${etag}`, `"other", ${etag}`]) {
      expect(await reads.packument('x', asked({ ifNoneMatch }))).toMatchObject({ status: 304, body: null })
    }
    expect(heard.withheld).toHaveLength(4)
    state.revision = 'r2'
    expect((await reads.packument('x', asked({ ifNoneMatch: etag }))).status).toBe(304)
    policy.now = { revision: 'p2', policy: { rules: [] } }
    expect((await reads.packument('x', asked({ ifNoneMatch: etag }))).status).toBe(200)
    expect(state.reads).toBe(3)
  })

  it('that its source does not have is not found', async () => {
    const { reads, state } = openReads()
    state.isThere = false
    await expect(reads.packument('x', asked())).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
  })
})

describe('one version', () => {
  const alone = { base: 'http://a/npm', who: 'ci', signal: calm }

  it('is found by number and by tag', async () => {
    const { reads, heard } = openReads(new Set(['1.1.0']))
    expect(jsonOf(await reads.manifest('x', 'latest', alone)).version).toBe('1.0.0')
    expect(jsonOf(await reads.tags('x', calm))).toEqual({ latest: '1.0.0' })
    await expect(reads.manifest('x', '1.1.0', alone)).rejects.toMatchObject({
      code: 'E_POLICY_DENIED',
      message: 'npm:x@1.1.0 is denied (test): not this one',
    })
    expect(heard.withheld).toMatchObject([{ version: '1.1.0', rule: 'test', who: 'ci', enforced: true }])
    for (const wanted of ['3.0.0', '__proto__', 'constructor']) {
      await expect(reads.manifest('x', wanted, alone)).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
    }
  })
})

describe('a tarball', () => {
  const whole = { range: undefined, isHead: false, who: 'ci' }

  it('is sent whole or in part, for ever', async () => {
    const { reads, pinned, heard } = openReads()
    const all = await reads.tarball('x', '1.0.0', whole, calm)
    expect(all).toMatchObject({ status: 200, headers: { 'content-length': 10, 'accept-ranges': 'bytes' } })
    expect(all.headers['cache-control']).toContain('immutable')
    expect(await text(all.body as Readable)).toBe('0123456789')
    const part = await reads.tarball('x', '1.0.0', { ...whole, range: 'bytes=2-4' }, calm)
    expect(part).toMatchObject({ status: 206, headers: { 'content-range': 'bytes 2-4/10', 'content-length': 3 } })
    expect(await text(part.body as Readable)).toBe('234')
    expect(await reads.tarball('x', '1.0.0', { ...whole, range: 'bytes=10-' }, calm)).toMatchObject({ status: 416 })
    expect(await reads.tarball('x', '1.0.0', { ...whole, isHead: true }, calm)).toMatchObject({
      status: 200,
      body: null,
    })
    expect(pinned).toHaveLength(4)
    expect(heard.installed).toHaveLength(3)
    expect(heard.installed[0]).toMatchObject({ purl: 'pkg:npm/x', version: '1.0.0', who: 'ci' })
  })

  it('of a refused version stays here, and says why', async () => {
    const { reads, pinned, heard } = openReads(new Set(['1.1.0']))
    await expect(reads.tarball('x', '1.1.0', whole, calm)).rejects.toMatchObject({
      code: 'E_POLICY_DENIED',
      hint: 'hanse why npm:x@1.1.0',
    })
    await expect(reads.tarball('x', '9.9.9', whole, calm)).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
    expect(pinned).toEqual([])
    expect(heard.installed).toEqual([])
    expect(heard.withheld).toMatchObject([{ version: '1.1.0', rule: 'test', who: 'ci', enforced: true }])
  })
})

import fc from 'fast-check'
import semver from 'semver'
import { describe, expect, it } from 'vitest'
import type { PackumentDocument } from '../../../../src/node/registries/npm/npm-source.ts'
import { packumentViewOf } from '../../../../src/node/registries/npm/packument-view.ts'
import { shortPackumentOf } from '../../../../src/node/registries/npm/short-packument.ts'
import type { Judgement, Verdict } from '../../../../src/protocol/index.ts'
import { binding } from '../../policy/no-facts.ts'

const BASE = 'http://127.0.0.1:7700/npm'
const ALLOW: Verdict = { decision: 'allow', reasons: [] }
const DENY: Verdict = { decision: 'deny', reasons: [{ rule: 'yanked', message: 'withdrawn' }] }

function documentOf(versions: readonly string[], tags: Record<string, string>, name = '@acme/x'): PackumentDocument {
  const manifest = (version: string) => ({
    name,
    version,
    readme: 'long',
    dependencies: { left: '^1' },
    scripts: { postinstall: 'make' },
    dist: {
      tarball: `https://elsewhere.example/${version}`,
      integrity: `sha512-${version}`,
      signatures: [{ keyid: 'k' }],
    },
  })
  return {
    name,
    'dist-tags': tags,
    versions: Object.fromEntries(versions.map(version => [version, manifest(version)])),
    time: { modified: '2026-01-01T00:00:00.000Z', ...Object.fromEntries(versions.map(each => [each, '2025'])) },
    custom: { kept: true },
  }
}

const viewOf = (document: PackumentDocument, judge: (version: string) => Verdict) =>
  packumentViewOf({ document, judge: each => binding(judge(each)), base: BASE })

const version = fc
  .tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.option(fc.constantFrom('alpha.1', 'rc.2')))
  .map(([major, minor, patch, pre]) => `${major}.${minor}.${patch}${pre === null ? '' : `-${pre}`}`)
const judged = fc
  .uniqueArray(fc.tuple(version, fc.boolean()), { selector: ([each]) => each, minLength: 1, maxLength: 20 })
  .chain(list =>
    fc.record({
      list: fc.constant(list),
      latest: fc.constantFrom(...list.map(([each]) => each)),
      beta: fc.constantFrom(...list.map(([each]) => each)),
    }),
  )

describe('the view of a packument', () => {
  it('never names a refused version as a version, a tag or a time', () => {
    fc.assert(
      fc.property(judged, ({ list, latest, beta }) => {
        const refused = new Set(list.filter(([, may]) => !may).map(([each]) => each))
        const document = documentOf(
          list.map(([each]) => each),
          { latest, beta },
        )
        const view = viewOf(document, each => (refused.has(each) ? DENY : ALLOW))
        for (const form of [view.document, shortPackumentOf(view.document) as PackumentDocument]) {
          expect(Object.keys(form.versions).filter(each => refused.has(each))).toEqual([])
          expect(Object.values(form['dist-tags']).filter(each => refused.has(each))).toEqual([])
          expect(Object.keys(form.time ?? {}).filter(each => refused.has(each))).toEqual([])
        }
        expect(new Set(view.withheld.keys())).toEqual(refused)
        const { policyRestrictions: told } = view.document as { policyRestrictions?: { versions: object } }
        expect(Object.values(told?.versions ?? {})).toEqual(
          [...refused].map(each => ({ name: '@acme/x', version: each })),
        )
      }),
    )
  })

  it('keeps an allowed latest, else takes the newest allowed release not above it; other tags stay or go', () => {
    fc.assert(
      fc.property(judged, ({ list, latest, beta }) => {
        const allowed = list.filter(([, may]) => may).map(([each]) => each)
        const document = documentOf(
          list.map(([each]) => each),
          { latest, beta },
        )
        const tags = viewOf(document, each => (allowed.includes(each) ? ALLOW : DENY)).document['dist-tags']
        const candidates = allowed.filter(each => semver.prerelease(each) === null && semver.lte(each, latest))
        const fallback = semver.rsort([...candidates])[0]
        expect(tags.latest).toBe(allowed.includes(latest) ? latest : fallback)
        expect(tags.beta).toBe(allowed.includes(beta) ? beta : undefined)
      }),
    )
  })

  it('points every tarball at this node and passes everything else on', () => {
    const { document } = viewOf(documentOf(['1.0.0', '1.1.0+b'], { latest: '1.0.0' }), () => ALLOW)
    expect(document.versions['1.0.0']).toMatchObject({
      readme: 'long',
      dist: { tarball: `${BASE}/@acme/x/-/x-1.0.0.tgz`, integrity: 'sha512-1.0.0', signatures: [{ keyid: 'k' }] },
    })
    expect(document.versions['1.1.0+b']?.dist.tarball).toBe(`${BASE}/@acme/x/-/x-1.1.0%2Bb.tgz`)
    expect(document).toMatchObject({ custom: { kept: true }, time: { modified: '2026-01-01T00:00:00.000Z' } })
    expect(document).not.toHaveProperty('policyRestrictions')
  })

  it('says what is held until when, newest first, and when to look again', () => {
    const held = (until: number): Verdict => ({
      decision: 'hold',
      until,
      reasons: [{ rule: 'age', message: 'too new' }],
    })
    const document = documentOf(['1.0.0', '1.1.0', '2.0.0'], { latest: '2.0.0' })
    const view = viewOf(document, each => (each === '1.0.0' ? ALLOW : held(each === '2.0.0' ? 2_000 : 1_000)))
    expect(view.until).toBe(1_000)
    expect(view.document.policyRestrictions).toMatchObject({
      message:
        '2.0.0 is held until 1970-01-01T00:00:02.000Z (age): too new; ' +
        '1.1.0 is held until 1970-01-01T00:00:01.000Z (age): too new; hanse why npm:@acme/x@2.0.0',
    })
  })

  it('tells what an upstream withholds as its words, and lets it withhold nothing that is listed', () => {
    const said = (versions: object, message: unknown = 'too\nnew') =>
      ({
        ...documentOf(['1.0.0', '1.1.0'], { latest: '1.0.0' }),
        policyRestrictions: { message, versions },
      }) as PackumentDocument
    const told = (document: PackumentDocument, verdict = ALLOW) =>
      viewOf(document, each => (each === '1.1.0' ? verdict : ALLOW)).document.policyRestrictions
    expect(told(said({ '1.0.0': {}, '2.0.0': {}, constructor: {} }))).toEqual({
      message: 'the upstream says: too new',
      versions: { '2.0.0': { name: '@acme/x', version: '2.0.0' } },
    })
    expect(told(said({ '2.0.0': {} }), DENY)).toEqual({
      message: '1.1.0 is denied (yanked): withdrawn; hanse why npm:@acme/x@1.1.0; the upstream says: too new',
      versions: { '1.1.0': { name: '@acme/x', version: '1.1.0' }, '2.0.0': { name: '@acme/x', version: '2.0.0' } },
    })
    for (const refused of [said({ '1.0.0': {} }), said([]), said({ '2.0.0': {} }, 7), said({ x: {} })]) {
      expect(told(refused)).toBeUndefined()
    }
  })

  it('names the rules of the versions that it does not spell out', () => {
    const versions = Array.from({ length: 8 }, (_, minor) => `1.${minor}.0`)
    const denied = (rule: string): Verdict => ({ decision: 'deny', reasons: [{ rule, message: 'no' }] })
    const view = viewOf(documentOf(versions, { latest: '1.7.0' }), each =>
      denied(each === '1.0.0' ? 'licence' : each === '1.1.0' ? 'advisory' : 'deny'),
    )
    const { message } = view.document.policyRestrictions as { message: string }
    expect(message).toBe(
      '1.7.0, 1.6.0, 1.5.0, 1.4.0, 1.3.0 are denied (deny): no; and 3 more (deny, advisory, licence); hanse why npm:@acme/x@1.7.0',
    )
  })

  it('is another view when the first of its versions expires', () => {
    const document = documentOf(['1.0.0', '1.1.0', '2.0.0'], { latest: '1.1.0' })
    const times = new Map([
      ['1.0.0', 2_000],
      ['2.0.0', 3_000],
    ])
    const judge = (each: string) => ({ ...binding(ALLOW), changesAt: times.get(each) ?? null })
    expect(packumentViewOf({ document, judge, base: BASE }).until).toBe(2_000)
  })

  it('lists all of it in dry-run, and tells what a tag or a range would have lost', () => {
    const versions = ['1.0.0', '1.1.0', '2.0.0-rc.1', '2.0.0', '2.1.0']
    const document = documentOf(versions, { latest: '2.0.0', next: '2.0.0-rc.1' })
    const judge =
      (enforced: Verdict) =>
      (each: string): Judgement =>
        each === '1.0.0' || each === '2.1.0' ? binding(ALLOW) : { verdict: DENY, enforced, changesAt: null }
    const dry = packumentViewOf({ document, judge: judge(ALLOW), base: BASE })
    expect(Object.keys(dry.document.versions)).toEqual(versions)
    expect(dry.document).not.toHaveProperty('policyRestrictions')
    const told = dry.picks.map(({ version, rule, enforced }) => [version, rule, enforced])
    expect(told).toEqual([
      ['2.0.0', 'yanked', false],
      ['2.0.0-rc.1', 'yanked', false],
      ['1.1.0', 'yanked', false],
    ])
    const bound = packumentViewOf({ document, judge: judge(DENY), base: BASE })
    expect(bound.picks).toEqual(dry.picks.map(pick => ({ ...pick, enforced: true })))
  })

  it('is not moved by keys that are names of the language', () => {
    const text = `{"name":"x","dist-tags":{"__proto__":"1.0.0","latest":"1.0.0"},"versions":{"__proto__":{"dist":{}},
      "1.0.0":{"name":"x","version":"1.0.0","__proto__":{"dist":{"tarball":"evil"}},"dist":{"tarball":"t"}}},"time":{"__proto__":"t"}}`
    const view = viewOf(JSON.parse(text) as PackumentDocument, each => (each === '__proto__' ? DENY : ALLOW))
    const short = shortPackumentOf(view.document) as PackumentDocument
    for (const { versions, 'dist-tags': tags } of [view.document, short]) {
      expect(Object.getPrototypeOf(versions)).toBe(Object.prototype)
      expect(Object.keys(versions)).toEqual(['1.0.0'])
      expect(versions['1.0.0']?.dist.tarball).toBe(`${BASE}/x/-/x-1.0.0.tgz`)
      expect(tags.latest).toBe('1.0.0')
    }
    expect(({} as { dist?: unknown }).dist).toBeUndefined()
  })
})

describe('the short form', () => {
  it('has what an install needs and nothing else', () => {
    const { document } = viewOf(documentOf(['1.0.0'], { latest: '1.0.0' }), () => ALLOW)
    expect(shortPackumentOf(document)).toEqual({
      name: '@acme/x',
      modified: '2026-01-01T00:00:00.000Z',
      'dist-tags': { latest: '1.0.0' },
      versions: {
        '1.0.0': {
          name: '@acme/x',
          version: '1.0.0',
          dependencies: { left: '^1' },
          hasInstallScript: true,
          dist: {
            tarball: `${BASE}/@acme/x/-/x-1.0.0.tgz`,
            integrity: 'sha512-1.0.0',
            signatures: [{ keyid: 'k' }],
          },
        },
      },
    })
  })
})

import { expect, test } from 'vitest'
import { type FactSources, factsOf, factsRevisionOf } from '../../../src/node/policy/facts.ts'
import { judgeOf } from '../../../src/node/policy/judge-releases.ts'
import { knownFactsOf, waiverFactsOf } from '../../../src/node/policy/known-facts.ts'
import {
  BUILT_IN_POLICY,
  compilePolicy,
  type PackageName,
  type PackageState,
  type PublisherId,
  parseReleasePattern,
} from '../../../src/protocol/index.ts'
import { NO_FACTS } from './no-facts.ts'

const NAME = 'pkg:npm/mast' as PackageName
const UPSTREAM = { to: 'upstream', name: 'u', route: { match: 'npm:*' } } as never
const PUBLISHER = { to: 'publisher', publisher: 'acme', route: null, pin: false } as never

/** One publisher's release of two artifacts. */
const release = {
  ...{ version: '1.0.0', state: 'live', yankedWhy: null, deprecated: 'use boom', expires: null, manifest: null },
  summary: { license: 'MIT', scripts: true },
  artifacts: [{ artifact: { size: 10 } }, { artifact: { size: 30 } }],
}
const library = {
  package: () => ({ releases: new Map([['1.0.0', release]]) }) as unknown as PackageState,
} satisfies FactSources['library']

test('a publisher’s release is known by its record: licence, scripts, deprecation, size; nothing says when it was seen', () => {
  const facts = factsOf({ ...NO_FACTS, library }, { package: NAME, route: PUBLISHER, versions: null })('1.0.0')
  expect(facts).toMatchObject({
    release,
    ...{ firstSeen: null, witnessed: null, lookAlike: null },
    manifest: { licence: 'MIT', installScripts: ['install scripts'], deprecated: 'use boom', bytes: 30 },
  })
  const unknown = factsOf({ ...NO_FACTS, library }, { package: NAME, route: PUBLISHER, versions: null })('2.0.0')
  expect([unknown.release, unknown.manifest]).toEqual([null, null])
})

test('an upstream’s version is known by what is kept of its document, and by what the node’s parts say of it', () => {
  const manifest = { licence: 'ISC', installScripts: [], deprecated: null, bytes: null, unpackedBytes: 7 }
  const sources: FactSources = {
    ...{ ...NO_FACTS, library },
    policy: { exemptionOf: (_name, version) => (version === '1.0.0' ? 'locked' : null) },
    advisories: {
      of: (_name, version) => [{ id: version, kind: 'malware', severity: 'high', summary: 's', fixed: null }],
      revisionOf: () => 'a',
    },
    lookAlikes: { of: () => ({ of: 'npm:mask', how: 'a letter' }) },
    sharing: { disputeOf: (_name, version) => (version === '1.0.0' ? 'a and b disagree' : null) },
    purges: { whyNot: () => null, revision: 'p' },
  }
  const facts = factsOf(sources, {
    package: NAME,
    route: UPSTREAM,
    versions: new Map([['1.0.0', { firstSeen: 5, manifest }]]),
  })
  expect(facts('1.0.0')).toMatchObject({
    ...{ release: null, firstSeen: 5, manifest, exemption: 'locked', dispute: 'a and b disagree' },
    ...{ advisories: [{ id: '1.0.0' }], lookAlike: { of: 'npm:mask' } },
  })
  expect(facts('2.0.0')).toMatchObject({ firstSeen: null, manifest: null, exemption: null, dispute: null })
  expect(factsRevisionOf(sources, NAME)).toBe('["a","npm:mask","a letter","p"]')
  expect(knownFactsOf(facts('1.0.0'), 'upstream/u', '2020').map(({ fact, from }) => `${fact}: ${from}`)).toEqual([
    'first seen: this node’s clock',
    'published: upstream/u claims it; it decides nothing',
    'licence: upstream/u',
    'runs on install: upstream/u',
    'unpacked bytes: upstream/u',
    'malware: advisories held here',
    'looks like: names known here',
    'exempt: this node',
    'digest: nodes that hold it',
  ])
})

test('a time that a trusted upstream gave is told as its own', () => {
  const manifest = { licence: null, installScripts: [], deprecated: null, bytes: null, unpackedBytes: null }
  const firstSeen = Date.parse('2020-01-01T00:00:00Z')
  const source = { package: NAME, route: UPSTREAM, versions: new Map([['1.0.0', { firstSeen, manifest }]]) }
  const [seen, published] = knownFactsOf(factsOf(NO_FACTS, source)('1.0.0'), 'upstream/u', '2020-01-01T00:00:00Z')
  expect(seen).toMatchObject({ fact: 'first seen', from: 'upstream/u says so; its times are trusted' })
  expect(published).toMatchObject({ fact: 'published', from: 'upstream/u' })
})

test('a waiver in force is a fact of the releases that it names', () => {
  const match = (text: string) => {
    const parsed = parseReleasePattern(text)
    if (!parsed.ok) throw new Error(parsed.why)
    return parsed.value
  }
  const waiver = { rules: ['licence'], who: 'dana', why: 'ours', until: 0, line: null }
  const waivers = [
    { ...waiver, match: match('npm:*@^1') },
    { ...waiver, match: match('npm:*@^2'), rules: 'all' as const, until: null },
  ]
  expect(waiverFactsOf({ waivers }, NAME, '1.0.0')).toEqual([
    { fact: 'waived', value: 'licence, until 1970-01-01T00:00:00.000Z: ours', from: 'dana' },
  ])
  expect(waiverFactsOf({ waivers }, NAME, '2.0.0')[0]?.value).toBe('all rules but malware, no end: ours')
})

test('what the law took away is denied in every mode, whatever rules say', () => {
  const sources = { ...NO_FACTS, purges: { whyNot: () => 'removed for case 7', revision: '' } }
  const policy = compilePolicy({ ...BUILT_IN_POLICY, mode: 'dry-run', minimumAge: null })
  const judge = judgeOf(sources, { package: NAME, route: UPSTREAM, versions: null }, { policy }, 0)
  expect(judge('1.0.0').enforced).toMatchObject({ decision: 'deny', reasons: [{ message: 'removed for case 7' }] })
})

test('advisories are about others’ packages: whoever took a private name in public is no reason against the private one', () => {
  const malware = { id: 'MAL-1', kind: 'malware', severity: 'high', summary: 's', fixed: null } as const
  const advisories = { of: () => [malware], revisionOf: () => 'a' }
  const source = { package: NAME, route: PUBLISHER, versions: null }
  const own = 'acme' as PublisherId
  expect(factsOf({ ...NO_FACTS, library, advisories }, source)('1.0.0').advisories).toEqual([malware])
  expect(factsOf({ ...NO_FACTS, library, advisories, own }, source)('1.0.0').advisories).toEqual([])
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  isCanonicalPurl,
  isPlainNpmPurl,
  parsePackageSpec,
  parsePurl,
  releaseNameOf,
  shortNameOf,
  splitReleaseName,
} from '../../../src/protocol/index.ts'

const canonicalOf = (text: string): string | null => {
  const parsed = parsePurl(text)
  return parsed.ok ? (parsed.value.release ?? parsed.value.package) : null
}

test.each([
  ['pkg:npm/%40acme/x@1.2.0', 'pkg:npm/%40acme/x@1.2.0'],
  ['pkg:npm/@acme/x@1.2.0', 'pkg:npm/%40acme/x@1.2.0'],
  ['PKG:NPM/JSONStream', 'pkg:npm/JSONStream'],
  ['pkg:npm/jsonstream', 'pkg:npm/jsonstream'],
  ['pkg:golang/github.com/BurntSushi/toml@v1.4.0', 'pkg:golang/github.com/BurntSushi/toml@v1.4.0'],
  ['pkg:golang/x.org/y@v1', 'pkg:golang/x.org/y@v1'],
  ['pkg:pypi/Foo_.Bar@1.0+local', 'pkg:pypi/foo-bar@1.0+local'],
  ['pkg:maven/org.Apache/Commons@1', 'pkg:maven/org.Apache/Commons@1'],
  ['pkg:oci/Acme/App@sha256:00', 'pkg:oci/acme/app@sha256:00'],
])('%s is read as %s', (text, canonical) => {
  expect(canonicalOf(text)).toBe(canonical)
  expect(isCanonicalPurl(canonical)).toBe(true)
})

test.each([
  'npm:x',
  'pkg:',
  'pkg:npm/',
  'pkg:npm//x',
  'pkg://npm/x',
  'pkg:npm/x@',
  'pkg:npm/x@1?a=b',
  'pkg:npm/x#sub',
  'pkg:npm/%40acme%2Fx',
  'pkg:npm/acme/x',
  'pkg:npm/@a/b/c',
  'pkg:npm/%E0',
  'pkg:npm/x%00',
  'pkg:npm/x%E2%80%AEy',
  'pkg:npm/e%CC%81',
  'pkg:npm/..',
  'pkg:golang/a/%2e%2e/b',
  'pkg:npm/x@..%2F..%2Fy',
  'pkg:maven/x',
  'pkg:cargo/a/b',
  'pkg:1x/y',
  'pkg:user:pw@npm/x',
  'pkg:npm/é',
  `pkg:npm/${'x'.repeat(215)}`,
  `pkg:npm/x@${'1'.repeat(129)}`,
])('%s is refused', text => {
  expect(parsePurl(text)).toMatchObject({ ok: false, code: 'E_PURL' })
  expect(isCanonicalPurl(text)).toBe(false)
})

test.each([
  ['npm:@acme/x@^1', 'pkg:npm/%40acme/x', '^1'],
  ['npm:@acme/x', 'pkg:npm/%40acme/x', null],
  ['npm:x@>=1 <2 || 3', 'pkg:npm/x', '>=1 <2 || 3'],
  ['pypi:Foo_Bar@~=1.2', 'pkg:pypi/foo-bar', '~=1.2'],
  ['cargo:serde@1', 'pkg:cargo/serde', '1'],
  ['maven:org.a/b@1', 'pkg:maven/org.a/b', '1'],
  ['golang:github.com/a/B@v1', 'pkg:golang/github.com/a/B', 'v1'],
  ['oci:acme/app@latest', 'pkg:oci/acme/app', 'latest'],
  ['generic:tool', 'pkg:generic/tool', null],
  ['pkg:npm/%40acme/x@%5E1', 'pkg:npm/%40acme/x', '^1'],
  ['pkg:npm/@acme/x', 'pkg:npm/%40acme/x', null],
])('%s means %s in the range %s', (text, name, range) => {
  expect(parsePackageSpec(text)).toEqual({ ok: true, value: { package: name, range } })
})

test.each(['x', 'npm:', 'npm:@acme', 'npm:@acme@1', 'npm:x@', ':x', 'npm:a b', 'npm:../x'])(
  '%s is no package',
  text => {
    expect(parsePackageSpec(text)).toMatchObject({ ok: false, code: 'E_PURL' })
  },
)

test('no text makes a parser throw, and what is read has one canonical spelling', () => {
  const near = fc.string({ unit: fc.constantFrom(...'pkg:npm/@%40.x1?#*é \ud800'), maxLength: 40 })
  fc.assert(
    fc.property(
      fc.oneof(
        near,
        fc.string({ unit: 'binary' }),
        near.map(text => `pkg:npm/${text}`),
      ),
      text => {
        const parsed = parsePurl(text)
        if (parsed.ok) expect(isCanonicalPurl(parsed.value.release ?? parsed.value.package)).toBe(true)
        const spec = parsePackageSpec(text)
        if (spec.ok) expect(isCanonicalPurl(spec.value.package)).toBe(true)
      },
    ),
    { numRuns: 3000 },
  )
})

test('the short name of a release is read back as its package and version', () => {
  const release = releaseNameOf('pkg:npm/%40acme/x' as never, '1.2.0+b')
  expect(release).toBe('pkg:npm/%40acme/x@1.2.0+b')
  expect(shortNameOf(release ?? '')).toBe('npm:@acme/x@1.2.0+b')
  expect(parsePackageSpec('npm:@acme/x@1.2.0+b')).toMatchObject({ value: { package: 'pkg:npm/%40acme/x' } })
  expect(splitReleaseName(release ?? ('' as never))).toEqual({ package: 'pkg:npm/%40acme/x', version: '1.2.0+b' })
  expect(releaseNameOf('pkg:npm/x' as never, '../y')).toBeNull()
})

test('takes the short way only for what the long way calls canonical', () => {
  const plain = fc.stringMatching(
    /^pkg:npm\/(?:%40[a-z0-9][a-z0-9-]{0,9}\/)?[a-z0-9._-]{1,20}(?:@[0-9A-Za-z.@-]{0,20})?$/,
  )
  fc.assert(
    fc.property(plain, text => {
      if (!isPlainNpmPurl(text)) return
      const parsed = parsePurl(text)
      expect(parsed.ok && (parsed.value.release ?? parsed.value.package)).toBe(text)
      expect(parsed.ok && parsed.value.release !== null).toBe(text.includes('@'))
    }),
    { numRuns: 3_000 },
  )
  expect(['pkg:npm/left-pad@1.3.0', 'pkg:npm/%40acme/x'].map(isPlainNpmPurl)).toEqual([true, true])
})

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readLockFile } from '../../../src/node/lock-files/index.ts'

const FIXTURES = join(import.meta.dirname, 'fixtures')
/** The project of every fixture: an alias (`old-debug` is debug), a scope, two versions of ms, a peer, a file, a workspace. */
const RELEASES = [
  '@sindresorhus/is@4.6.0',
  'debug@2.6.9',
  'is-buffer@1.1.6',
  'js-tokens@4.0.0',
  'kind-of@3.2.2',
  'loose-envify@1.4.0',
  'ms@2.0.0',
  'ms@2.1.3',
  'react@18.3.1',
  'use-sync-external-store@1.2.0',
]

const namesIn = (text: string) =>
  readLockFile(text)
    .releases.map(({ name, version }) => `${name}@${version}`)
    .toSorted()

test.each([
  ['package-lock-1.json', 'npm', 2],
  ['package-lock-2.json', 'npm', 4],
  ['package-lock-3.json', 'npm', 4],
  ['pnpm-lock-6.yaml', 'pnpm', 1],
  ['pnpm-lock-9.yaml', 'pnpm', 1],
  ['yarn-1.lock', 'yarn', 1],
  ['yarn-4.lock', 'yarn', 3],
  ['bun.lock', 'bun', 2],
])('%s, as its client wrote it, names the releases of registries alone', async (file, client, skipped) => {
  const text = await readFile(join(FIXTURES, file), 'utf8')
  const lock = readLockFile(text)
  expect([lock.client, lock.skipped]).toEqual([client, skipped])
  expect(namesIn(text)).toEqual(RELEASES)
  const debug = lock.releases.find(({ name }) => name === 'debug')
  expect(debug?.package).toBe('pkg:npm/debug')
  expect(debug?.integrity).toMatch(file === 'yarn-4.lock' ? /^10c0\// : /^sha512-bC7E/)
})

test('a package.json is no lock file, whatever it depends on', () => {
  const text = JSON.stringify({ name: 'x', dependencies: { ms: '^2.1.3' } })
  expect(() => readLockFile(text)).toThrow(/neither packages nor dependencies of a lock file/)
})

const npm3 = (packages: object) => JSON.stringify({ lockfileVersion: 3, packages })

test('what comes from git, a file, a link or within another package is counted and left out', () => {
  const lock = readLockFile(
    npm3({
      '': { name: 'x' },
      'node_modules/a': { version: '1.0.0', resolved: 'git+ssh://git@example.org/a.git#0123' },
      'node_modules/b': { version: '1.0.0', resolved: 'file:b.tgz' },
      'node_modules/c': { resolved: 'packages/c', link: true },
      'node_modules/d/node_modules/e': { version: '1.0.0', inBundle: true },
      'packages/c': { version: '1.0.0' },
      'node_modules/d': { version: '1.0.0', resolved: 'https://registry.example/d/-/d-1.0.0.tgz' },
    }),
  )
  expect([lock.skipped, lock.releases.map(({ name }) => name)]).toEqual([5, ['d']])
})

test('version 1 of npm’s file has addresses where others have versions', () => {
  const versions = [
    'git+ssh://git@example.org/a.git#0123',
    'file:../b',
    'github:a/b#0123',
    'https://example.org/c.tgz',
    'npm:@s/real@2.0.0',
  ]
  const dependencies = Object.fromEntries(versions.map((version, at) => [`p${at}`, { version }]))
  const lock = readLockFile(JSON.stringify({ lockfileVersion: 1, dependencies }))
  expect([lock.skipped, lock.releases.map(({ package: name, version }) => `${name} ${version}`)]).toEqual([
    4,
    ['pkg:npm/%40s/real 2.0.0'],
  ])
})

test('pnpm’s git, tarball and linked packages are left out, a peer’s suffix is no part of a version', () => {
  const packages = [
    "  a@https://codeload.example/tar.gz/0123: { resolution: { tarball: 'https://codeload.example/tar.gz/0123' }, version: 1.0.0 }",
    '  b@git+ssh://git@example.org/b.git#0123: { resolution: { type: git, repo: x, commit: y } }',
    "  '@s/c@1.0.0-rc.1(react@18.0.0(x@1.0.0))': { resolution: { integrity: sha512-x } }",
  ]
  const text = `lockfileVersion: '9.0'\npackages:\n${packages.join('\n')}\n`
  expect([readLockFile(text).skipped, namesIn(text)]).toEqual([2, ['@s/c@1.0.0-rc.1']])
})

test('pnpm’s document about itself, before that of the project, counts too', () => {
  const one = (name: string) =>
    `lockfileVersion: '9.0'\npackages:\n  ${name}@1.0.0: { resolution: { integrity: sha512-x } }\n`
  expect(namesIn(`---\n${one('a')}---\n${one('b')}`)).toEqual(['a@1.0.0', 'b@1.0.0'])
})

test('yarn 1: several ranges are one release; git, files and links are none', () => {
  const entry = (key: string, resolved: string) => `${key}:\n  version "1.0.0"\n  resolved "${resolved}"\n\n`
  const url = 'https://registry.example/a/-/a-1.0.0.tgz#0123'
  const text = [
    '# yarn lockfile v1\n\n',
    entry('a@^1.0.0, a@~1.0.0', url),
    entry('"@s/b@npm:@s/real@^1"', url),
    entry('"c@git+ssh://git@example.org/c.git"', 'git+ssh://git@example.org/c.git#0123'),
    entry('d@user/repository', 'https://codeload.example/user/repository/tar.gz/0123'),
    entry('"e@https://example.org/e.tgz"', 'https://example.org/e.tgz#0123'),
    '"f@link:../f":\n  version "0.0.0"\n  uid ""\n',
  ].join('')
  expect([readLockFile(text).skipped, namesIn(text)]).toEqual([4, ['@s/real@1.0.0', 'a@1.0.0']])
})

test('yarn 4: patches and workspaces are left out, an archive’s address is no part of a version', () => {
  const entry = (resolution: string) =>
    `"${resolution}":\n  version: 1.0.0\n  resolution: "${resolution}"\n  checksum: 10c0/00\n`
  const text = [
    '__metadata:\n  version: 8\n',
    entry('a@npm:1.0.0::__archiveUrl=https%3A%2F%2Fregistry.example%2Fa-1.0.0.tgz'),
    entry('b@patch:b@npm%3A1.0.0#~/b.patch::version=1.0.0&hash=0123'),
    entry('c@workspace:packages/c'),
  ].join('')
  const lock = readLockFile(text)
  expect([lock.skipped, lock.releases]).toEqual([
    2,
    [expect.objectContaining({ name: 'a', version: '1.0.0', resolved: 'https://registry.example/a-1.0.0.tgz' })],
  ])
})

test('bun’s commas go, text that looks like one stays', () => {
  const text = '{ "workspaces": { "": { "name": "a,}", }, }, "packages": { "x": ["x@1.0.0", "", {}, "a\\",]",], } }'
  expect(readLockFile(text).releases).toMatchObject([{ name: 'x', integrity: 'a",]' }])
})

test('hostile names and versions are skipped and harm nothing', () => {
  const bad = { __proto__: 1, constructor: { version: '1.0.0' }, 'node_modules/../../x': { version: '1.0.0' } }
  const text = npm3({
    ...bad,
    'node_modules/x y': { version: '1.0.0' },
    'node_modules/x': { version: '../../etc' },
    'node_modules/y': { version: 1 },
    'node_modules/z': 'z',
  })
  expect(readLockFile(text).releases.map(({ name }) => name)).toEqual([])
  expect(({} as Record<string, unknown>).version).toBeUndefined()
  expect(readLockFile('{"lockfileVersion":1,"dependencies":{"__proto__":{"version":"1.0.0"}}}').releases).toMatchObject(
    [{ name: '__proto__' }],
  )
})

const nested = (depth: number) =>
  `{"lockfileVersion":1,"dependencies":${'{"a":{"version":"1.0.0","dependencies":'.repeat(depth)}{}${'}}'.repeat(depth)}}`

test('a tree of any depth is walked', () => {
  expect(readLockFile(nested(50_000)).releases).toHaveLength(1)
})

test.each([
  ['nothing', ''],
  ['another file', 'name: x\n'],
  ['a list', '[1]'],
  ['no JSON', '{ "lockfileVersion": 3, '],
  ['a manifest', '{ "name": "x", "version": "1.0.0" }'],
  ['an old pnpm’s', 'lockfileVersion: 5.4\npackages:\n  /a/1.0.0: {}\n'],
  ['no YAML', 'lockfileVersion: 9.0\npackages: [\n'],
  ['aliases', 'lockfileVersion: 9.0\na: &a [x]\nb: *a\n'],
  ['deep YAML', `lockfileVersion: 9.0\npackages: ${'['.repeat(100_000)}`],
  [
    'a yarn 1 conflict',
    '# yarn lockfile v1\n\n<<<<<<< HEAD\na@1:\n  version "1.0.0"\n=======\na@1:\n  version 1 2\n>>>>>>> b\n',
  ],
  ['no yarn 1', '# yarn lockfile v1\n\na@1:\n   version "1.0.0"\n'],
  ['bun’s binary', '#!/usr/bin/env bun\nbun-lockfile-format-v0\n\u0000'],
  ['too much YAML', `lockfileVersion: 9.0\n#${'x'.repeat(9 * 2 ** 20)}`],
  ['too many items', `lockfileVersion: 9.0\npackages: {${'a,'.repeat(1_000_000)}}`],
  [
    'too many entries',
    npm3(Object.fromEntries(Array.from({ length: 100_002 }, (_, at) => [`node_modules/p${at}`, { version: '1.0.0' }]))),
  ],
])('%s is refused with what is known', (_what, text) => {
  expect(() => readLockFile(text)).toThrow(
    expect.objectContaining({
      code: 'E_USAGE',
      message: expect.stringMatching(/^the lock file cannot be read: /),
      hint: expect.stringContaining('yarn.lock'),
    }),
  )
})

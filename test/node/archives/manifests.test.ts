import { describe, expect, it } from 'vitest'
import { inspectArchive } from '../../../src/node/archives/index.ts'
import { METADATA, packageJson, tgzOf } from './archive-writers.ts'
import { chunked, verdictOn } from './inspection.ts'

async function npmManifest(fields: object, ...files: string[]) {
  const specs = files.map(name => ({ name: `package/${name}`, body: 'x' }))
  const inspection = await inspectArchive(chunked(tgzOf(packageJson(fields), ...specs)), 'npm')
  if (!inspection.ok) throw new Error(inspection.why)
  return inspection.manifest
}

describe('a package.json', () => {
  it('gives purl, file name and summary', async () => {
    const manifest = await npmManifest({
      name: '@acme/x',
      version: 'v1.2.0',
      description: 'A  thing\n',
      keywords: ['b', 'a', 'a', 7],
      license: { type: 'MIT' },
      dependencies: { z: '^1', y: '~2', o: '1' },
      optionalDependencies: { o: '1' },
      peerDependencies: { p: '*' },
      devDependencies: { d: '3', constructor: '1', __proto__: 1 },
    })
    expect(manifest).toMatchObject({
      purl: 'pkg:npm/%40acme/x@1.2.0',
      name: '@acme/x',
      version: '1.2.0',
      fileName: 'x-1.2.0.tgz',
    })
    expect(manifest.summary).toEqual({
      description: 'A thing',
      keywords: ['b', 'a'],
      license: 'MIT',
      dependencies: [
        ['constructor', '1', 'dev'],
        ['d', '3', 'dev'],
        ['o', '1', 'optional'],
        ['p', '*', 'peer'],
        ['y', '~2', 'runtime'],
        ['z', '^1', 'runtime'],
      ],
      scripts: false,
    })
  })

  it('marks what runs on install', async () => {
    expect((await npmManifest({ scripts: { test: 'x' } })).summary.scripts).toBe(false)
    expect((await npmManifest({ scripts: { postinstall: 'x' } })).summary.scripts).toBe(true)
    expect((await npmManifest({}, 'binding.gyp')).summary.scripts).toBe(true)
    expect((await npmManifest({}, 'deep/binding.gyp')).summary.scripts).toBe(false)
  })

  it('is cut to fit a record, in NFC and without invisible characters', async () => {
    const description = `e\u0301\u202e${'ü'.repeat(2000)}`
    const dependencies = Object.fromEntries(
      Array.from({ length: 3000 }, (_, index) => [`dependency-${index}`, '^1.0.0']),
    )
    const keywords = Array.from({ length: 100 }, (_, index) => `k${index}`)
    const { summary } = await npmManifest({
      description,
      keywords,
      devDependencies: dependencies,
      dependencies: { kept: '1' },
    })
    expect(summary.description?.startsWith('éü')).toBe(true)
    expect(Buffer.byteLength(summary.description ?? '')).toBeLessThanOrEqual(1024)
    expect(summary.keywords).toHaveLength(64)
    expect(JSON.stringify(summary.dependencies).length).toBeLessThan(40_000)
    expect(summary.dependencies).toContainEqual(['kept', '1', 'runtime'])
  })

  it.each([
    ['no name', { name: undefined }],
    ['a name that is a path', { name: '../x' }],
    ['a name with a version', { name: 'x@1' }],
    ['a version that is none', { version: 'latest' }],
    ['a version of another type', { version: 1 }],
  ])('with %s is refused', async (_what, fields) => {
    expect(await verdictOn(tgzOf(packageJson(fields)))).toBe('E_ARCHIVE_MANIFEST')
  })

  it('that is absent, not JSON or not UTF-8 is refused', async () => {
    expect(await verdictOn(tgzOf({ name: 'package/index.js', body: 'x' }))).toBe('E_ARCHIVE_MANIFEST')
    expect(await verdictOn(tgzOf({ name: 'package/package.json', body: '{' }))).toBe('E_ARCHIVE_MANIFEST')
    expect(await verdictOn(tgzOf({ name: 'package/package.json', body: '['.repeat(500_000) }))).toBe(
      'E_ARCHIVE_MANIFEST',
    )
    expect(await verdictOn(tgzOf({ name: 'package/package.json', body: Buffer.from([0xff]) }))).toBe(
      'E_ARCHIVE_MANIFEST',
    )
  })
})

describe('an sdist', () => {
  const sdist = (root: string, text = METADATA) => tgzOf({ name: `${root}/PKG-INFO`, body: text })

  it('gives its purl and says that building it runs code', async () => {
    const inspection = await inspectArchive(chunked(sdist('foo_bar-1.0')), 'sdist', { fileName: 'foo_bar-1.0.tar.gz' })
    expect(inspection).toMatchObject({
      ok: true,
      manifest: { purl: 'pkg:pypi/foo-bar@1.0', fileName: 'foo_bar-1.0.tar.gz', summary: { scripts: true } },
    })
  })

  it('agrees with its folder and its file name', async () => {
    expect(await verdictOn(sdist('foo_bar-1.1'), 'sdist')).toBe('E_ARCHIVE_MISMATCH')
    expect(await verdictOn(sdist('other-1.0'), 'sdist')).toBe('E_ARCHIVE_MISMATCH')
    expect(await verdictOn(sdist('Foo.Bar-1.0'), 'sdist', { fileName: 'foo_bar-2.0.tar.gz' })).toBe(
      'E_ARCHIVE_MISMATCH',
    )
  })

  it('with two names or a broken header is refused', async () => {
    expect(await verdictOn(sdist('foo_bar-1.0', `Name: x\n${METADATA}`), 'sdist')).toBe('E_ARCHIVE_MANIFEST')
    expect(await verdictOn(sdist('foo_bar-1.0', 'no header\n'), 'sdist')).toBe('E_ARCHIVE_MANIFEST')
  })
})

describe('a crate', () => {
  const toml = [
    '[package]\nname = "my-crate"\nversion = "0.3.1"\ndescription = """\nIt does\nthings"""',
    'license = "MIT OR Apache-2.0"\nkeywords = ["a"]\nbuild = false',
    '[dependencies.serde]\nversion = "1"\noptional = true',
    '[target."cfg(unix)".dependencies]\nlibc = "0.2"\n[build-dependencies.cc2]\nversion = "1"\npackage = "cc"',
  ].join('\n')
  const crate = (root: string, text: string, ...more: string[]) =>
    tgzOf({ name: `${root}/Cargo.toml`, body: text }, ...more.map(name => ({ name: `${root}/${name}` })))

  it('gives purl, file name and summary', async () => {
    const inspection = await inspectArchive(chunked(crate('my-crate-0.3.1', toml)), 'crate')
    expect(inspection).toMatchObject({
      ok: true,
      manifest: {
        purl: 'pkg:cargo/my-crate@0.3.1',
        fileName: 'my-crate-0.3.1.crate',
        summary: {
          description: 'It does things',
          license: 'MIT OR Apache-2.0',
          dependencies: [
            ['cc', '1', 'build'],
            ['libc', '0.2', 'runtime'],
            ['serde', '1', 'optional'],
          ],
          scripts: false,
        },
      },
    })
  })

  it('runs code when it is built by a script', async () => {
    const inspection = await inspectArchive(
      chunked(crate('my-crate-0.3.1', toml.replace('build = false', ''), 'build.rs')),
      'crate',
    )
    expect(inspection).toMatchObject({ ok: true, manifest: { summary: { scripts: true } } })
  })

  it('agrees with its folder and its file name', async () => {
    expect(await verdictOn(crate('my-crate-0.3.2', toml), 'crate')).toBe('E_ARCHIVE_MISMATCH')
    expect(await verdictOn(crate('my-crate-0.3.1', toml), 'crate', { fileName: 'my-crate-9.9.9.crate' })).toBe(
      'E_ARCHIVE_MISMATCH',
    )
  })

  it('with broken or hostile TOML is refused', async () => {
    for (const text of ['[package', 'a = 1', `x = ${'['.repeat(200_000)}`, toml.replace('0.3.1', 'x')]) {
      expect(await verdictOn(crate('my-crate-0.3.1', text), 'crate')).toBe('E_ARCHIVE_MANIFEST')
    }
  })
})

import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { releaseManifestOf } from '../../../../src/node/registries/npm/release-manifest.ts'
import type { Artifact, ReleaseState } from '../../../../src/protocol/index.ts'

const digest = (name: string) => createHash(name).update('bytes').digest('base64')
const artifact = {
  name: 'x-1.0.0.tgz',
  sha256: createHash('sha256').update('bytes').digest('hex'),
  integrity: [`sha512-${digest('sha512')}`, `sha1-${digest('sha1')}`],
} as unknown as Artifact

const release = (given: Partial<ReleaseState> = {}): ReleaseState =>
  ({ version: '1.0.0', deprecated: null, summary: {}, ...given }) as ReleaseState

const manifestOf = (packageJson: string | null, given: Partial<ReleaseState> = {}, of: Artifact = artifact) =>
  releaseManifestOf('@acme/x', release(given), of, packageJson === null ? null : Buffer.from(packageJson))

describe('a release as a version of npm', () => {
  it('has the fields of its package.json and the digests that clients check', () => {
    const packageJson = {
      name: '@acme/x',
      version: 'v1.0.0',
      bin: './x.js',
      os: ['linux'],
      dependencies: { left: '^1' },
    }
    expect(manifestOf(JSON.stringify(packageJson))).toEqual({
      name: '@acme/x',
      version: '1.0.0',
      _id: '@acme/x@1.0.0',
      bin: { x: './x.js' },
      os: ['linux'],
      dependencies: { left: '^1' },
      dist: {
        tarball: 'x-1.0.0.tgz',
        integrity: `sha512-${digest('sha512')}`,
        shasum: createHash('sha1').update('bytes').digest('hex'),
      },
    })
  })

  it('says itself what a package.json may not say', () => {
    const text = `{"name":"@acme/x","version":"1.0.0","_resolved":"http://evil.example/","dist":{"tarball":"http://evil.example/"},
      "deprecated":"no","readme":"long","__proto__":{"polluted":true}}`
    const manifest = manifestOf(text, { deprecated: 'yes', summary: { scripts: true } })
    expect(JSON.stringify(manifest)).not.toMatch(/evil|long|polluted/)
    expect(manifest).toMatchObject({ deprecated: 'yes', hasInstallScript: true })
    expect(Object.getPrototypeOf(manifest)).toBe(Object.prototype)
  })

  it.each(['null', '[]', '{', '{"name":"@acme/y","version":"1.0.0"}', '{"name":"@acme/x","version":"2.0.0"}'])(
    'is made of its summary where the manifest is %s',
    text => {
      const dependencies = [
        ['left', '^1', 'runtime'],
        ['mocha', '*', 'dev'],
        ['react', '>=19', 'peer'],
      ] as const
      const summary = { license: 'MIT', dependencies, description: 'a mast' }
      expect(manifestOf(text, { summary })).toMatchObject({
        license: 'MIT',
        description: 'a mast',
        dependencies: { left: '^1' },
        peerDependencies: { react: '>=19' },
      })
      expect(manifestOf(null, { summary })).toEqual(manifestOf(text, { summary }))
    },
  )

  it('has at least a sha-256 where its record has no other digest', () => {
    const { integrity: _integrity, ...bare } = artifact
    expect(manifestOf(null, {}, bare as Artifact).dist).toEqual({
      tarball: 'x-1.0.0.tgz',
      integrity: `sha256-${digest('sha256')}`,
    })
  })
})

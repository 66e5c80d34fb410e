import { describe, expect, it } from 'vitest'
import { listedManifestOf } from '../../../src/node/upstream/npm/listed-manifest.ts'

const shasum = 'a'.repeat(40)
const manifest = (version: string, more: object = {}) => ({
  name: 'x',
  version,
  dist: { tarball: `http://h/x-${version}.tgz`, shasum },
  ...more,
})
const found = (document: object | string, version: string, isIt = () => true) => {
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  return listedManifestOf(Buffer.from(text), 'x', version, isIt)
}

describe('a version’s manifest in the text of a document', () => {
  it('is found among other places that have the same key', () => {
    const document = {
      'dist-tags': { latest: '1.0.0' },
      time: { '1.0.0': '2026-01-01' },
      overrides: { '1.0.0': { name: 'other' } },
      versions: { '1.0.0-0': manifest('1.0.0-0'), '1.0.0': manifest('1.0.0', { readme: 'a "}" \\" é {' }) },
    }
    expect(found(document, '1.0.0')).toEqual(document.versions['1.0.0'])
    expect(found(document, '1.0.0-0')).toEqual(document.versions['1.0.0-0'])
    expect(found(document, '2.0.0')).toBeNull()
  })

  it('is only the one that the asker knows', () => {
    const decoy = manifest('1.0.0', { decoy: true })
    const document = { decoys: { '1.0.0': decoy }, versions: { '1.0.0': manifest('1.0.0') } }
    const marks: unknown[] = []
    const isIt = (each: object) => marks.push('decoy' in each) > 0 && !('decoy' in each)
    expect(listedManifestOf(Buffer.from(JSON.stringify(document)), 'x', '1.0.0', isIt)).toEqual(manifest('1.0.0'))
    expect(marks).toEqual([true, false])
  })

  it('is none where it has no usable tarball or digest, where the text is cut, or after too many places', () => {
    const broken = { versions: { '1.0.0': { ...manifest('1.0.0'), dist: { tarball: 'file:///etc/passwd', shasum } } } }
    expect(found(broken, '1.0.0')).toBeNull()
    const text = JSON.stringify({ versions: { '1.0.0': manifest('1.0.0') } })
    expect(found(text.slice(0, -10), '1.0.0')).toBeNull()
    const many = `{"a":[${'{"1.0.0":{}},'.repeat(64)}0],"versions":{"1.0.0":${JSON.stringify(manifest('1.0.0'))}}}`
    expect(found(many, '1.0.0')).toBeNull()
  })

  it('leaves out members named __proto__', () => {
    const text = `{"versions":{"1.0.0":{"__proto__":{"evil":1},"name":"x","version":"1.0.0","dist":{"tarball":"http://h/x.tgz","shasum":"${shasum}"}}}}`
    expect(Object.keys(found(text, '1.0.0') ?? {})).toEqual(['name', 'version', 'dist'])
  })
})

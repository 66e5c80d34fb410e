import { expect, test } from 'vitest'
import { manifestFactsOf } from '../../../../src/node/registries/npm/manifest-facts.ts'

const of = (given: Record<string, unknown>, dist: Record<string, unknown> = {}) =>
  manifestFactsOf({ name: 'x', version: '1.0.0', ...given, dist: { tarball: 't', ...dist } })

test.each([
  [{ license: 'MIT' }, 'MIT'],
  [{ license: { type: 'ISC', url: 'u' } }, 'ISC'],
  [{ licenses: [{ type: 'MIT' }, { type: 'Apache-2.0' }] }, '(MIT) OR (Apache-2.0)'],
  [{ licenses: [{ type: 'MIT' }] }, 'MIT'],
  [{ license: 'MIT', licenses: [{ type: 'ISC' }] }, 'MIT'],
  [{ license: 7 }, null],
  [{ license: { type: [] } }, null],
  [{ license: `MIT${' OR MIT'.repeat(100)} AND GPL-3.0-only` }, null],
  [{}, null],
])('the licence of %j is %j', (manifest, licence) => expect(of(manifest).licence).toBe(licence))

test.each([
  [{ scripts: { postinstall: 'make', test: 'x', preinstall: '' } }, ['postinstall']],
  [{ scripts: { preinstall: 'a', install: 'b', postinstall: 'c' } }, ['preinstall', 'install', 'postinstall']],
  [{ gypfile: true }, ['binding.gyp']],
  [{ gypfile: true, scripts: { postinstall: 'c' } }, ['binding.gyp', 'postinstall']],
  [{ gypfile: true, scripts: { install: 'node-gyp rebuild' } }, ['install']],
  [{ gypfile: false }, []],
  [{ hasInstallScript: true }, ['binding.gyp']],
  [{ hasInstallScript: true, scripts: { install: 'x' } }, ['install']],
  [{ hasInstallScript: false, scripts: { install: ['x'] } }, []],
  [{ scripts: null }, []],
  [{ scripts: 'install' }, []],
  [JSON.parse('{"scripts":{"__proto__":{"install":"x"}}}'), []],
])('installing %j runs %j', (manifest, scripts) => expect(of(manifest).installScripts).toEqual(scripts))

test('a deprecation is a text that is not empty, and cut; a size is a whole number', () => {
  expect(of({ deprecated: '' }).deprecated).toBeNull()
  expect(of({ deprecated: true }).deprecated).toBeNull()
  expect(of({ deprecated: 'x'.repeat(1_000) }).deprecated).toHaveLength(300)
  expect(of({}, { unpackedSize: 12 }).unpackedBytes).toBe(12)
  for (const unpackedSize of ['12', -1, 1.5, Number.NaN]) expect(of({}, { unpackedSize }).unpackedBytes).toBeNull()
})

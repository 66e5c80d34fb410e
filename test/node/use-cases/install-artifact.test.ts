import { expect, test } from 'vitest'
import { pickArtifact, splitFileName } from '../../../src/node/use-cases/install-artifact.ts'
import type { PackageName, ReleaseState } from '../../../src/protocol/index.ts'

const releaseOf = (...names: string[]) =>
  ({ version: '1.0', artifacts: names.map(name => ({ artifact: { name } })) }) as unknown as ReleaseState

function picked(purl: string, names: readonly string[], fileName: string | null = null): string {
  const wanted = { package: purl as PackageName, release: releaseOf(...names), fileName, publisher: undefined }
  return pickArtifact(wanted).name
}

const WHEEL = 'x-1.0-py3-none-any.whl'
const LINUX = 'x-1.0-cp312-cp312-manylinux_2_17_x86_64.whl'
const SOURCE = 'x-1.0.tar.gz'

test('the only file needs no name, and a Python file that installs anywhere goes before others', () => {
  expect(picked('pkg:generic/chart', ['chart.bin'])).toBe('chart.bin')
  expect(picked('pkg:pypi/x', [SOURCE])).toBe(SOURCE)
  expect(picked('pkg:pypi/x', [LINUX])).toBe(LINUX)
  expect(picked('pkg:pypi/x', [LINUX, SOURCE, WHEEL])).toBe(WHEEL)
})

test.each([
  ['pkg:generic/chart', ['a.bin', 'b+c.bin']],
  ['pkg:pypi/x', [LINUX, SOURCE]],
  ['pkg:pypi/x', ['x-1.0-py2-none-any.whl', WHEEL]],
])('of several files of %s the error names a command for each', (purl, names) => {
  expect(() => picked(purl, names)).toThrow(
    expect.objectContaining({ code: 'E_WHICH_FILE', message: expect.stringContaining(names[1]!) }),
  )
  let hint = ''
  try {
    picked(purl, names)
  } catch (error) {
    hint = (error as { hint: string }).hint
  }
  const commands = [...hint.matchAll(/hanse install '([^']+)'/g)].map(([, command]) => splitFileName(command!))
  expect(commands.map(({ fileName }) => fileName)).toEqual(names)
  for (const { fileName } of commands) expect(picked(purl, names, fileName)).toBe(fileName)
})

test('a file that the release does not have is not found, with those that it has', () => {
  expect(() => picked('pkg:generic/chart', ['a.bin'], 'c.bin')).toThrow(
    expect.objectContaining({ code: 'E_NOT_FOUND', hint: "hanse install 'generic:chart@1.0?file_name=a.bin'" }),
  )
})

test('file_name is the one qualifier', () => {
  expect(splitFileName('npm:@acme/x@^1 || ^2')).toEqual({ purl: 'npm:@acme/x@^1 || ^2', fileName: null })
  expect(splitFileName('pkg:generic/x@1?file_name=a%2Bb.bin')).toEqual({
    purl: 'pkg:generic/x@1',
    fileName: 'a+b.bin',
  })
  for (const wrong of ['npm:x?', 'npm:x?file_name=', 'npm:x?file_name=%', 'npm:x?type=jar'])
    expect(() => splitFileName(wrong)).toThrow(expect.objectContaining({ code: 'E_PURL' }))
})

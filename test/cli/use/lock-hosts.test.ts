import { expect, it } from 'vitest'
import { pinnedRegistriesOf } from '../../../src/cli/use/lock-hosts.ts'

const NODE = 'http://127.0.0.1:7700/npm/'

it('finds the lines of a lock file that lead to another registry, however each client writes them', () => {
  const yarn = [
    'left-pad@^1.0.0:',
    '  version "1.3.0"',
    '  resolved "https://a.example/left-pad/-/left-pad-1.3.0.tgz#5b8a3a7765dfe001261dde915589e782f8c94d1e"',
    `  resolved "${NODE}right-pad/-/right-pad-1.0.0.tgz#5b8a3a7765dfe001261dde915589e782f8c94d1e"`,
    '  resolved "https://a.example/@s/n/-/n-1.0.0.tgz#x"',
    '  resolved "https://b.example/repository/npm/@s%2fn/-/n-1.0.0.tgz"',
    '  resolved "https://codeload.example/owner/repo/tar.gz/main"',
  ].join('\n')
  expect(pinnedRegistriesOf('yarn', yarn, NODE)).toEqual([
    { url: 'https://a.example/', lines: [3, 5] },
    { url: 'https://b.example/repository/npm/', lines: [6] },
  ])
  const berry = '__metadata:\n  resolution: "n@npm:1.0.0::__archiveUrl=https%3A%2F%2Fa.example%2Fn%2F-%2Fn-1.0.0.tgz"\n'
  expect(pinnedRegistriesOf('yarn', berry, NODE)).toEqual([{ url: 'https://a.example/', lines: [2] }])
  const npm = '{\n "resolved": "https://a.example/n/-/n-1.0.0.tgz",\n "resolved": "git+ssh://git@a.example/n.git"\n}'
  expect(pinnedRegistriesOf('npm', npm, NODE)).toEqual([{ url: 'https://a.example/', lines: [2] }])
  const deno = '{\n "n@1.0.0": {\n  "tarball": "https://a.example/n/-/n-1.0.0.tgz"\n }\n}'
  expect(pinnedRegistriesOf('npm', deno, NODE)).toEqual([{ url: 'https://a.example/', lines: [3] }])
  const pnpm =
    "    resolution: {integrity: sha512-x, tarball: https://a.example/@s/n/-/@s/n-1.0.0.tgz}\n    tarball: 'x'"
  expect(pinnedRegistriesOf('pnpm', pnpm, NODE)).toEqual([{ url: 'https://a.example/', lines: [1] }])
  const bun =
    '  "n": ["n@1.0.0", "https://a.example/n/-/n-1.0.0.tgz", {}, "sha512-x"],\n  "m": ["m@1.0.0", "", {}, "x"],'
  expect(pinnedRegistriesOf('bun', bun, NODE)).toEqual([{ url: 'https://a.example/', lines: [1] }])
})

it('is silent about what npm itself puts right: the public registry, in whose place it asks the project’s', () => {
  const text = ['npmjs', 'other']
    .map(host => `"resolved": "https://registry.${host}.example/n/-/n-1.0.0.tgz"`)
    .join('\n')
  expect(pinnedRegistriesOf('npm', text, NODE)).toEqual([{ url: 'https://registry.other.example/', lines: [2] }])
})

it('takes nothing for an address that is none, and nothing long', () => {
  for (const text of [
    '',
    '  resolved "http://"',
    '  resolved "https://a/-/b"',
    '::__archiveUrl=https%3A%2F%2F%ff',
    '::',
  ]) {
    expect(pinnedRegistriesOf('yarn', text, NODE)).toEqual([])
  }
  const long = `  resolved "https://a.example/${'@/-/'.repeat(250_000)}`
  expect(pinnedRegistriesOf('yarn', long, NODE)).toEqual([])
})

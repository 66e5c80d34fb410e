import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { PackageAdvisory } from '../../../../src/node/advisories/index.ts'
import { answerTreeAudit, installedOf } from '../../../../src/node/registries/npm/audit-tree.ts'

const ADVISORY: PackageAdvisory = {
  ...{ id: 'GHSA-1', kind: 'vulnerability', severity: 'high', summary: 'It leaks', url: 'https://a.example/1' },
  ...{ cwe: ['CWE-79'], cvss: null, modified: 0, versions: [] },
  spans: [{ introduced: '0', fixed: '1.2.3', lastAffected: null }],
}
const advisories = {
  matchesOf: (name: string, version: string) =>
    name === 'pkg:npm/hull' && version === '1.0.0' ? [{ advisory: ADVISORY, fixed: '1.2.3' }] : [],
}
const TREE = {
  name: 'user',
  dependencies: {
    keel: { version: '1.0.0', dependencies: { hull: { version: '1.0.0', dev: true } } },
    hull: { version: '1.2.3' },
  },
}
const ask = async (bytes: Buffer, encoding?: string) => {
  const { body } = await answerTreeAudit(advisories, Readable.from([bytes]), encoding)
  return JSON.parse(String(body))
}

test('a tree is answered with the advisories against it and where they are', async () => {
  const answer = await ask(gzipSync(JSON.stringify(TREE)), 'gzip')
  const [[id, advisory]] = Object.entries(answer.advisories) as [[string, object]]
  expect(advisory).toMatchObject({
    ...{ id: Number(id), module_name: 'hull', title: 'It leaks', severity: 'high', patched_versions: '>=1.2.3' },
    ...{ vulnerable_versions: '<1.2.3', findings: [{ version: '1.0.0', paths: ['keel>hull'] }] },
  })
  expect(answer.actions).toEqual([
    expect.objectContaining({ resolves: [expect.objectContaining({ id: Number(id), path: 'keel>hull' })] }),
  ])
  expect(answer.metadata).toMatchObject({ vulnerabilities: { high: 1, low: 0 }, totalDependencies: 3 })
})

test('a tree without any is answered with empty lists', async () => {
  expect(await ask(Buffer.from('{}'))).toMatchObject({ actions: [], advisories: {}, muted: [] })
})

test.each(['[]', '"x"', 'null', '{'])('%s is no tree', async text => {
  await expect(ask(Buffer.from(text))).rejects.toMatchObject({ code: 'E_USAGE' })
})

test('a tree without end is refused, a deep one is walked', async () => {
  const wide = Object.fromEntries(Array.from({ length: 100_001 }, (_, at) => [`p${at}`, {}]))
  expect(() => installedOf({ dependencies: wide })).toThrow('larger than this node reads')
  await expect(ask(gzipSync(Buffer.alloc(5_000_000, 0x20)), 'gzip')).rejects.toMatchObject({ code: 'E_TOO_LARGE' })
  let deep: object = { version: '1.0.0' }
  for (let depth = 0; depth < 2_000; depth++) deep = { dependencies: { hull: deep } }
  expect(installedOf(deep)).toHaveLength(2_000)
})

import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { Advisories } from '../../../src/node/advisories/index.ts'
import type { AuditEvent } from '../../../src/node/storage/index.ts'
import { openLevelDatabase } from '../../../src/node/storage/open-level-database.ts'
import { listAdvisories, removeAdvisory } from '../../../src/node/use-cases/advisories.ts'
import { importAdvisories } from '../../../src/node/use-cases/advisory-import.ts'
import type { PackageName } from '../../../src/protocol/index.ts'
import { affected, osv } from '../../protocol/advisory/osv-samples.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const HULL = 'pkg:npm/hull' as PackageName
const MALWARE = { id: 'MAL-2026-1', affected: [affected('hull', [{ introduced: '0' }])] }

async function openIn(folder: string) {
  const database = await openLevelDatabase(folder)
  const audited: AuditEvent[] = []
  const audit = { append: async (event: AuditEvent) => void audited.push(event), [Symbol.asyncDispose]: async () => {} }
  const node = { advisories: new Advisories(database), audit }
  const send = (...documents: (object | string)[]) => {
    const lines = documents.map(each => `${typeof each === 'string' ? each : JSON.stringify(each)}\n`)
    return importAdvisories(node, Readable.from(lines.map(line => Buffer.from(line))), 'tester')
  }
  const idsOf = (version: string, name = HULL) => node.advisories.of(name, version).map(({ id }) => id)
  return { node, send, idsOf, audited, folder, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() }
}
const open = async () => openIn(await temporaryFolder())

test('an imported advisory is held against the versions it names, malware first', async () => {
  await using held = await open()
  expect(held.idsOf('1.0.0')).toEqual([])
  expect(await held.send(osv(), osv(MALWARE))).toMatchObject({ added: 2, skipped: 0 })
  expect(held.idsOf('1.0.0')).toEqual(['MAL-2026-1', 'GHSA-aaaa-bbbb-cccc'])
  expect(held.idsOf('1.2.3')).toEqual(['MAL-2026-1'])
  expect(held.node.advisories.of(HULL, '1.0.0')[1]).toEqual({
    ...{ id: 'GHSA-aaaa-bbbb-cccc', kind: 'vulnerability', severity: 'unknown' },
    ...{ summary: 'Leaks below the waterline', fixed: '1.2.3' },
  })
  expect(held.node.advisories.sums).toEqual({ held: 2, malware: 1, newest: Date.UTC(2026, 2, 1) })
})

test('an import is idempotent, and the later change wins in any order', async () => {
  await using held = await open()
  const early = osv({ modified: '2026-01-01T00:00:00Z', affected: [affected('hull', [{ introduced: '0' }])] })
  await held.send(osv())
  const hull = 'pkg:npm/hull' as PackageName
  const revision = held.node.advisories.revisionOf(hull)
  expect(await held.send(osv(), early)).toMatchObject({ added: 0, changed: 0, unchanged: 2 })
  expect([held.node.advisories.revisionOf(hull), held.idsOf('2.0.0')]).toEqual([revision, []])
  const late = osv({ modified: '2026-05-01T00:00:00Z', affected: [affected('keel', [{ introduced: '0' }])] })
  expect(await held.send(late)).toMatchObject({ changed: 1 })
  expect([held.idsOf('1.0.0'), held.idsOf('1.0.0', 'pkg:npm/keel' as PackageName)]).toEqual([[], [osv().id]])
  expect(held.node.advisories.revisionOf(hull)).not.toBe(revision)
  expect(held.node.advisories.sums.held).toBe(1)
})

test('one that was withdrawn goes, and an older document does not bring it back', async () => {
  await using held = await open()
  await held.send(osv())
  const withdrawn = osv({ modified: '2026-04-01T00:00:00Z', withdrawn: '2026-04-01T00:00:00Z' })
  expect(await held.send(withdrawn)).toMatchObject({ withdrawn: 1 })
  expect(await held.send(osv())).toMatchObject({ unchanged: 1 })
  expect([held.idsOf('1.0.0'), held.node.advisories.sums.held]).toEqual([[], 0])
  expect(await held.send(osv({ modified: '2026-06-01T00:00:00Z' }))).toMatchObject({ added: 1 })
})

test('one document twice in a request, and one whose kind changes, are held once', async () => {
  await using held = await open()
  expect(await held.send(osv(), osv())).toMatchObject({ added: 1, unchanged: 1 })
  const worse = osv({ modified: '2026-04-01T00:00:00Z', aliases: ['MAL-2026-9'] })
  expect(await held.send(worse)).toMatchObject({ changed: 1 })
  const { advisories, ...sums } = await listAdvisories(held.node, { limit: 10 })
  expect([advisories.map(({ kind }) => kind), sums]).toEqual([
    ['malware'],
    expect.objectContaining({ held: 1, malware: 1 }),
  ])
})

test('an operator takes one out, and the same document does not bring it back', async () => {
  await using held = await open()
  await held.send(osv(MALWARE))
  expect(await removeAdvisory(held.node, 'MAL-2026-1', 'ann')).toMatchObject({ packages: ['npm:hull'] })
  expect(await held.send(osv(MALWARE))).toMatchObject({ unchanged: 1 })
  expect(held.idsOf('1.0.0')).toEqual([])
  await expect(removeAdvisory(held.node, 'MAL-2026-1', 'ann')).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
  expect(await held.send(osv({ ...MALWARE, modified: '2026-09-01T00:00:00Z' }))).toMatchObject({ added: 1 })
})

test('everything survives a restart', async () => {
  const first = await open()
  await first.send(osv(), osv(MALWARE))
  const { sums } = first.node.advisories
  const hull = 'pkg:npm/hull' as PackageName
  const revision = first.node.advisories.revisionOf(hull)
  await first[Symbol.asyncDispose]()
  await using second = await openIn(first.folder)
  expect(second.idsOf('1.0.0')).toEqual(['MAL-2026-1', 'GHSA-aaaa-bbbb-cccc'])
  expect([second.node.advisories.revisionOf(hull), second.node.advisories.sums]).toEqual([revision, sums])
})

test('what is no advisory is skipped with its reason, and the rest is taken', async () => {
  await using held = await open()
  const other = osv({ id: 'X-1', affected: [{ package: { ecosystem: 'Hex', name: 'hull' }, versions: ['1.0.0'] }] })
  const report = await held.send('{', '[]', other, osv(), `"${'x'.repeat(1_100_000)}"`)
  expect(report).toMatchObject({ added: 1, skipped: 4 })
  expect(report.reasons.map(({ why, count }) => [count, why.slice(0, 30)]).sort()).toEqual([
    [1, 'a document of more than 1048576'.slice(0, 30)],
    [1, 'it names no package of a known'.slice(0, 30)],
    [1, 'not JSON'],
    [1, 'not an OSV document: its root '.slice(0, 30)],
  ])
})

test('an endless import is refused', async () => {
  await using held = await open()
  const line = JSON.stringify({ filler: 'x'.repeat(900_000) })
  await expect(held.send(...Array.from({ length: 5 }, () => line))).rejects.toMatchObject({ code: 'E_TOO_LARGE' })
})

test('imports at the same time do not lose what the other brought', async () => {
  await using held = await open()
  const about = (at: number) => osv({ id: `GHSA-${at}`, affected: [affected('hull', [{ introduced: '0' }])] })
  await Promise.all(Array.from({ length: 20 }, (_, at) => held.send(about(at))))
  expect(held.idsOf('1.0.0')).toHaveLength(20)
  expect(held.node.advisories.sums.held).toBe(20)
})

test('a package has no more advisories than a bound', async () => {
  await using held = await open()
  const many = Array.from({ length: 1_001 }, (_, at) => osv({ id: `GHSA-${at}` }))
  expect(await held.send(...many)).toMatchObject({
    added: 1_000,
    reasons: [{ why: 'its package has too many advisories', count: 1 }],
  })
})

test('each change is one line of the audit log', async () => {
  await using held = await open()
  await held.send(osv(), osv(MALWARE), '{')
  await held.send(osv())
  await removeAdvisory(held.node, 'MAL-2026-1', 'ann')
  expect(held.audited.map(({ at: _, ...event }) => event)).toEqual([
    { who: 'tester', what: 'advisory.import', added: 2, changed: 0, withdrawn: 0 },
    { who: 'ann', what: 'advisory.remove', id: 'MAL-2026-1', packages: ['npm:hull'] },
  ])
})

test('a listing has malware first: of all, of a package, of a version', async () => {
  await using held = await open()
  await held.send(osv(), osv(MALWARE), osv({ id: 'A-1', affected: [affected('keel', [{ introduced: '0' }])] }))
  const idsOf = async (query: object) =>
    (await listAdvisories(held.node, { limit: 100, ...query })).advisories.map(({ id }) => id)
  expect(await idsOf({})).toEqual(['MAL-2026-1', 'A-1', 'GHSA-aaaa-bbbb-cccc'])
  expect(await idsOf({ limit: 1 })).toEqual(['MAL-2026-1'])
  expect(await idsOf({ limit: 2 })).toEqual(['MAL-2026-1', 'A-1'])
  expect(await idsOf({ purl: 'npm:hull' })).toEqual(['MAL-2026-1', 'GHSA-aaaa-bbbb-cccc'])
  expect(await idsOf({ purl: 'npm:hull@1.2.3' })).toEqual(['MAL-2026-1'])
  expect(await idsOf({ purl: 'pkg:npm/keel' })).toEqual(['A-1'])
})

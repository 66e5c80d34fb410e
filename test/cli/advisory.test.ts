import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { advisoriesView } from '../../src/cli/commands/advisory.ts'
import { searchCommand } from '../../src/cli/commands/search.ts'
import { type OsvFile, osvFilesOf } from '../../src/cli/osv-documents.ts'
import { Output } from '../../src/cli/output.ts'
import type { View } from '../../src/cli/view.ts'
import { zipOf } from '../e2e/zip-file.ts'
import { temporaryFolder } from '../temporary-folder.ts'

function linesOf(view: View): string[] {
  const [out, err] = [new PassThrough(), new PassThrough()]
  new Output(false, { out, err }).result({}, view)
  return String(out.read()).trimEnd().split('\n')
}

async function filesOf(path: string): Promise<OsvFile[]> {
  const files: OsvFile[] = []
  for await (const file of osvFilesOf(path)) files.push(file)
  return files
}

test('people see one line an advisory, and how much is held', () => {
  const more = { packages: ['npm:hull', 'npm:keel', 'npm:mast'], summary: 'It leaks' }
  const lines = linesOf(
    advisoriesView({
      ...{ held: 2, malware: 1, newest: '2026-03-01T00:00:00.000Z' },
      advisories: [
        { id: 'MAL-1', kind: 'malware', severity: 'critical', ...more },
        { id: 'GHSA-1', kind: 'vulnerability', severity: 'high', ...more, packages: ['npm:hull'], fixed: '1.2.3' },
      ],
    }),
  )
  expect(lines.map(line => line.split(/ {2,}/))).toEqual([
    ['ID', 'SEVERITY', 'PACKAGE', 'FIXED', 'SUMMARY'],
    ['MAL-1', 'malware', 'npm:hull and 2 more', '-', 'It leaks'],
    ['GHSA-1', 'high', 'npm:hull', '1.2.3', 'It leaks'],
    ['2 held, 1 of them malware; the newest of 2026-03-01T00:00:00.000Z'],
  ])
  expect(linesOf(advisoriesView({ held: 0, malware: 0, newest: null, advisories: [] }))).toEqual([
    'no advisories',
    '0 held, 0 of them malware; none was imported',
  ])
})

test('a hit whose name looks like another is named below the hits', () => {
  const verdict = { decision: 'allow', rule: null, reason: null, until: null }
  const publisher = { publisher: 'a', publisherName: 'a', source: 'local', relation: 'none' }
  const hit = { ...publisher, version: '1.0.0', description: '', highlights: [], verdict }
  const hits = [
    { ...hit, purl: 'pkg:npm/expresss', name: 'expresss', looksLike: { of: 'express', how: 'a letter repeated' } },
    { ...hit, purl: 'pkg:npm/x', name: 'x' },
  ]
  const answer = { hits, hidden: 0, notes: [], peers: { asked: 0, answered: 0 }, tookMs: 1 }
  expect(linesOf(searchCommand.view(answer as never)).slice(3)).toEqual([
    'npm:expresss looks like express: a letter repeated',
    '2 hits in 1 ms; 0 of 0 peers answered',
  ])
})

test('documents are read from a file, from below a folder and from an archive', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'npm'))
  await writeFile(join(folder, 'npm', 'a.json'), '{"a":1}')
  await writeFile(join(folder, 'b.txt'), 'no')
  await writeFile(join(folder, 'c.zip'), zipOf({ 'npm/c.json': '{"c":1}', '../d.json': '{}', 'e.txt': 'no' }))
  const textsOf = async (path: string) => {
    const files = await filesOf(path)
    return files.map(file => ('bytes' in file ? file.bytes.toString() : file.why))
  }
  expect(await textsOf(folder)).toEqual(['{"a":1}'])
  expect(await textsOf(join(folder, 'npm', 'a.json'))).toEqual(['{"a":1}'])
  await writeFile(join(folder, 'ok.zip'), zipOf({ 'npm/c.json': '{"c":1}', 'e.txt': 'no' }))
  expect(await textsOf(join(folder, 'ok.zip'))).toEqual(['{"c":1}'])
  // An archive with names that lead out of it is not trusted for the rest either.
  await expect(textsOf(join(folder, 'c.zip'))).rejects.toMatchObject({ code: 'E_FILE' })
  await expect(textsOf(join(folder, 'none'))).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
})

import { describe, expect, it } from 'vitest'
import { inspectArchive } from '../../../src/node/archives/index.ts'
import { METADATA, wheelFiles, type ZipParts, type ZipSpec, zipOf } from './archive-writers.ts'
import { chunked, verdictOn } from './inspection.ts'

const verdict = (more: readonly ZipSpec[] = [], parts: ZipParts = {}) =>
  verdictOn(zipOf(wheelFiles(more), parts), 'wheel')
const file = (spec: Partial<ZipSpec>): ZipSpec => ({ name: 'foo_bar/a.py', body: 'pass\n', ...spec })

describe('a wheel', () => {
  it('is read in one pass, with its manifest', async () => {
    const inspection = await inspectArchive(chunked(zipOf(wheelFiles()), 11), 'wheel')
    expect(inspection).toMatchObject({
      ok: true,
      manifest: {
        purl: 'pkg:pypi/foo-bar@1.0',
        name: 'Foo.Bar',
        fileName: 'foo_bar-1.0-py2.py3-none-any.whl',
        summary: {
          description: 'A foo',
          keywords: ['a', 'b'],
          dependencies: [
            ['dev-tool', '', 'optional'],
            ['six', '>=1.0', 'runtime'],
          ],
          scripts: false,
        },
      },
    })
    if (inspection.ok) expect(Buffer.from(inspection.manifest.manifestBytes).toString()).toBe(METADATA)
  })

  it('may store, deflate and use data descriptors that agree', async () => {
    expect(await verdict([file({ stored: true }), file({ name: 'foo_bar/b.py', descriptor: true })])).toBe('ok')
    expect(await verdict([file({ body: '', stored: true, descriptor: true })])).toBe('ok')
  })

  it.each([
    ['../x', 'E_ARCHIVE_PATH'],
    ['/x', 'E_ARCHIVE_PATH'],
    ['foo_bar/a\\b', 'E_ARCHIVE_PATH'],
    ['foo_bar/__INIT__.py', 'E_ARCHIVE_CASE_CLASH'],
    ['foo_bar/__init__.py', 'E_ARCHIVE_DUPLICATE'],
    ['foo_bar', 'E_ARCHIVE_DUPLICATE'],
    ['other-2.dist-info/METADATA', 'E_ARCHIVE_ROOT'],
  ])('with a file named %j is answered %s', async (name, code) => {
    expect(await verdict([file({ name })])).toBe(code)
  })

  it.each<[string, Partial<ZipSpec>, string]>([
    ['a symbolic link', { mode: 0o120777 }, 'E_ARCHIVE_LINK'],
    ['a device', { mode: 0o020644 }, 'E_ARCHIVE_TYPE'],
    ['a setuid file', { mode: 0o104755 }, 'E_ARCHIVE_MODE'],
    ['an encrypted file', { flags: 0x801 }, 'E_ARCHIVE_FORMAT'],
    ['a name not marked UTF-8', { name: 'foo_bar/ü.py', flags: 0 }, 'E_ARCHIVE_PATH'],
    ['zip64 sizes', { extra: Buffer.from([1, 0, 0, 0]) }, 'E_ARCHIVE_FORMAT'],
    ['a second name in an extra field', { extra: Buffer.from([0x75, 0x70, 0, 0]) }, 'E_ARCHIVE_FORMAT'],
    ['a broken extra field', { extra: Buffer.from([0x55, 0x54, 9, 0]) }, 'E_ARCHIVE_FORMAT'],
    ['a wrong checksum', { crc: 1 }, 'E_ARCHIVE_CHECKSUM'],
    ['another name in the directory', { central: { name: 'foo_bar/z.py' } }, 'E_ARCHIVE_DISAGREES'],
    ['another size in the directory', { central: { size: 1 } }, 'E_ARCHIVE_DISAGREES'],
    ['another checksum in the directory', { central: { crc: 1 } }, 'E_ARCHIVE_CHECKSUM'],
    ['another offset in the directory', { central: { offset: 1 } }, 'E_ARCHIVE_DISAGREES'],
  ])('with %s is refused', async (_what, spec, code) => {
    expect(await verdict([file(spec)])).toBe(code)
  })

  it('has nothing before, between or after its parts', async () => {
    expect(await verdict([], { before: Buffer.from('#!/bin/sh\n') })).toBe('E_ARCHIVE_FORMAT')
    expect(await verdict([], { after: Buffer.from('x') })).toBe('E_ARCHIVE_TRAILING')
    expect(await verdict([], { comment: 'hello' })).toBe('E_ARCHIVE_TRAILING')
    expect(await verdict([], { count: 3 })).toBe('E_ARCHIVE_DISAGREES')
    expect(await verdictOn(zipOf(wheelFiles()).subarray(0, -5), 'wheel')).toBe('E_ARCHIVE_TRUNCATED')
  })

  it('stops a bomb', async () => {
    const bomb = zipOf(wheelFiles([file({ body: Buffer.alloc(8 * 2 ** 20) })]))
    expect(await verdictOn(bomb, 'wheel')).toBe('E_ARCHIVE_RATIO')
    expect(await verdictOn(bomb, 'wheel', { limits: { unpackedBytes: 2 ** 20 } })).toBe('E_ARCHIVE_UNPACKED')
  })

  it.each<[string, (text: string) => string]>([
    ['leaves out a file', text => text.replace(/^foo_bar\/.*\n/, '')],
    ['has another digest', text => text.replace('sha256=', 'sha256=A')],
    ['has another size', text => text.replace(/,9\n/, ',8\n')],
    ['has a weaker digest', text => text.replace(/sha256=[^,]*/, 'md5=x')],
    ['has no digest', text => text.replace(/sha256=[^,]*/, '')],
    ['lists a file twice', text => text + text],
    ['lists a file that is not there', text => `${text}foo_bar/ghost.py,,\n`],
    ['is not CSV', text => `${text}"\n`],
  ])('is refused when RECORD %s', async (_what, record) => {
    expect(await verdictOn(zipOf(wheelFiles([], record)), 'wheel')).toBe('E_ARCHIVE_RECORD')
  })

  it.each([
    ['hex', (bytes: Buffer) => bytes.toString('hex'), 'in hex'],
    ['plain base64', (bytes: Buffer) => bytes.toString('base64'), 'in base64;'],
    ['base64url of other bytes', () => 'AAAA', 'another digest'],
  ])('is refused with the reason when RECORD writes digests in %s', async (_how, written, reason) => {
    const record = (text: string) =>
      text.replaceAll(
        /sha256=([\w-]+)/g,
        (_all, digest: string) => `sha256=${written(Buffer.from(digest, 'base64url'))}`,
      )
    const inspection = await inspectArchive(chunked(zipOf(wheelFiles([], record)), 64), 'wheel')
    expect(inspection).toMatchObject({ ok: false, code: 'E_ARCHIVE_RECORD', why: expect.stringContaining(reason) })
  })

  it('keeps a given file name that says the same and refuses one that does not', async () => {
    const bytes = zipOf(wheelFiles())
    const given = await inspectArchive(chunked(bytes), 'wheel', { fileName: 'foo_bar-1.0-py3.py2-none-any.whl' })
    expect(given).toMatchObject({ ok: true, manifest: { fileName: 'foo_bar-1.0-py3.py2-none-any.whl' } })
    expect(await verdictOn(bytes, 'wheel', { fileName: 'foo_bar-1.1-py3-none-any.whl' })).toBe('E_ARCHIVE_MISMATCH')
    expect(await verdictOn(bytes, 'wheel', { fileName: 'other-1.0-py3-none-any.whl' })).toBe('E_ARCHIVE_MISMATCH')
  })
})

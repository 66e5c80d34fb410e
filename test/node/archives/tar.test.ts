import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { GNU, packageJson, paxEntry, type TarSpec, tarEntry, tarOf, tgzOf, zeroBlocks } from './archive-writers.ts'
import { verdictOn } from './inspection.ts'

const withFile = (...specs: TarSpec[]) => verdictOn(tgzOf(packageJson(), ...specs))

describe('the tar profile', () => {
  it('accepts files and directories under one root', async () => {
    expect(
      await withFile({ name: 'package/', flag: '5', mode: '000755 \0' }, { name: 'package/a.js', body: 'x' }),
    ).toBe('ok')
    expect(await verdictOn(tgzOf({ ...packageJson(), name: 'other/package.json' }))).toBe('ok')
  })

  it.each([
    ['package/../../etc/passwd', 'E_ARCHIVE_PATH'],
    ['/etc/passwd', 'E_ARCHIVE_PATH'],
    ['package//a', 'E_ARCHIVE_PATH'],
    ['./package/a', 'E_ARCHIVE_PATH'],
    ['package/a\\b', 'E_ARCHIVE_PATH'],
    ['package/c:x', 'E_ARCHIVE_PATH'],
    ['package/nul.txt', 'E_ARCHIVE_PATH'],
    ['package/COM1 .x', 'E_ARCHIVE_PATH'],
    ['package/a.', 'E_ARCHIVE_PATH'],
    ['package/a ', 'E_ARCHIVE_PATH'],
    ['package/a\nb', 'E_ARCHIVE_PATH'],
    ['package/e\u0301', 'E_ARCHIVE_PATH'],
    ['package/a\u202eb', 'E_ARCHIVE_PATH'],
    ['package/PACKAGE.json', 'E_ARCHIVE_CASE_CLASH'],
    ['package/package.json', 'E_ARCHIVE_DUPLICATE'],
    ['package/package.json/x', 'E_ARCHIVE_DUPLICATE'],
    ['other/x', 'E_ARCHIVE_ROOT'],
    ['x', 'E_ARCHIVE_ROOT'],
    [`package/${'d/'.repeat(45)}x`.slice(0, 99), 'ok'],
  ])('answers a file named %j with %s', async (name, code) => {
    expect(await withFile({ name, body: 'x' })).toBe(code)
  })

  it('refuses a name that is not UTF-8', async () => {
    expect(await withFile({ name: Buffer.from('package/\xff', 'latin1') })).toBe('E_ARCHIVE_PATH')
  })

  it.each([
    ['hard link', { flag: '1', link: 'package/package.json' }, 'E_ARCHIVE_LINK'],
    ['symbolic link', { flag: '2', link: '/etc/passwd' }, 'E_ARCHIVE_LINK'],
    ['link name on a file', { link: 'x' }, 'E_ARCHIVE_LINK'],
    ['character device', { flag: '3' }, 'E_ARCHIVE_TYPE'],
    ['block device', { flag: '4' }, 'E_ARCHIVE_TYPE'],
    ['fifo', { flag: '6' }, 'E_ARCHIVE_TYPE'],
    ['sparse file', { flag: 'S' }, 'E_ARCHIVE_TYPE'],
    ['global PAX header', { flag: 'g' }, 'E_ARCHIVE_TYPE'],
    ['device number', { devmajor: '0000001\0' }, 'E_ARCHIVE_TYPE'],
    ['setuid bit', { mode: '004755 \0' }, 'E_ARCHIVE_MODE'],
    ['directory with content', { flag: '5', body: 'x' }, 'E_ARCHIVE_FORMAT'],
    ['wrong checksum', { checksum: 1 }, 'E_ARCHIVE_CHECKSUM'],
    ['unknown magic', { magic: 'tar' }, 'E_ARCHIVE_FORMAT'],
    ['mode that is no number', { mode: '0x644 \0' }, 'E_ARCHIVE_FORMAT'],
    ['name that goes on after its NUL', { name: 'package/a\0b' }, 'E_ARCHIVE_FORMAT'],
    ['a size beyond the end', { size: 5000 }, 'E_ARCHIVE_TRUNCATED'],
  ])('refuses a %s', async (_what, spec, code) => {
    expect(await withFile({ name: 'package/a', ...(spec as Partial<TarSpec>) })).toBe(code)
  })

  it('refuses what is deeper than 64 or longer than 1,024 bytes', async () => {
    const deep = `package/${'d/'.repeat(64)}x`
    const long = `package/${'l'.repeat(200)}/`.repeat(5)
    expect(await withFile(paxEntry({ path: deep }), { name: deep.slice(0, 99) })).toBe('E_ARCHIVE_PATH')
    expect(await withFile(paxEntry({ path: `${long}${'z'.repeat(100)}` }), { name: long.slice(0, 99) })).toBe(
      'E_ARCHIVE_PATH',
    )
  })
})

describe('names longer than a header', () => {
  const long = `package/${'n'.repeat(120)}.js`

  it('are read from the ustar prefix, from PAX and from GNU', async () => {
    expect(await withFile({ name: 'a.js', prefix: 'package/deep' })).toBe('ok')
    expect(await withFile(paxEntry({ path: long, mtime: '12.5' }), { name: long.slice(0, 99), mtime: 12 })).toBe('ok')
    const gnu = { ...packageJson(), magic: GNU }
    const link = { name: '././@LongLink', flag: 'L', magic: GNU, body: `${long}\0` }
    expect(await verdictOn(tgzOf(gnu, link, { name: long.slice(0, 100), magic: GNU }))).toBe('ok')
  })

  it.each([
    ['another path', paxEntry({ path: 'package/b' }), 'E_ARCHIVE_PAX'],
    ['another size', paxEntry({ size: '7' }), 'E_ARCHIVE_PAX'],
    ['another time', paxEntry({ mtime: '7' }), 'E_ARCHIVE_PAX'],
    ['a link', paxEntry({ linkpath: '/etc' }), 'E_ARCHIVE_PAX'],
    ['any other key', paxEntry({ 'SCHILY.xattr.x': '1' }), 'E_ARCHIVE_PAX'],
    ['a broken record', { name: 'p', flag: 'x', body: '99 path=x\n' }, 'E_ARCHIVE_PAX'],
    ['64 KiB', { name: 'p', flag: 'x', body: 'x'.repeat(65_537) }, 'E_ARCHIVE_PAX'],
  ])('are refused when PAX says %s', async (_what, pax, code) => {
    expect(await withFile(pax as TarSpec, { name: 'package/a', body: 'x' })).toBe(code)
  })

  it('are refused when an extension stands before no file, or before another extension', async () => {
    expect(await withFile(paxEntry({ mtime: '0' }))).toBe('E_ARCHIVE_FORMAT')
    expect(await withFile(paxEntry({ mtime: '0' }), paxEntry({ mtime: '0' }), { name: 'package/a' })).toBe(
      'E_ARCHIVE_FORMAT',
    )
    expect(await withFile({ name: 'x', flag: 'L', body: 'package/a' }, { name: 'package/a' })).toBe('E_ARCHIVE_FORMAT')
  })
})

describe('the end of a tarball', () => {
  const whole = tarOf(packageJson())

  it('is at least two zero blocks and then only those', async () => {
    expect(await verdictOn(gzipSync(Buffer.concat([whole, zeroBlocks(18)])))).toBe('ok')
    expect(await verdictOn(gzipSync(whole.subarray(0, -512)))).toBe('E_ARCHIVE_TRUNCATED')
    expect(await verdictOn(gzipSync(whole.subarray(0, -1024)))).toBe('E_ARCHIVE_TRUNCATED')
    const hidden = Buffer.concat([whole, tarEntry({ name: 'package/hidden' }), zeroBlocks(2)])
    expect(await verdictOn(gzipSync(hidden))).toBe('E_ARCHIVE_TRAILING')
    expect(await verdictOn(gzipSync(Buffer.concat([whole, Buffer.from('x')])))).toBe('E_ARCHIVE_TRUNCATED')
  })

  it('is the end of the one gzip member, however the chunks fall', async () => {
    const gz = gzipSync(whole)
    for (const size of [1, 7, gz.length, gz.length + 1]) {
      const { chunked } = await import('./inspection.ts')
      const { inspectArchive } = await import('../../../src/node/archives/index.ts')
      const codeOf = async (bytes: Uint8Array) => {
        const inspection = await inspectArchive(chunked(bytes, size), 'npm')
        return inspection.ok ? 'ok' : inspection.code
      }
      expect(await codeOf(gz)).toBe('ok')
      expect(await codeOf(Buffer.concat([gz, gz]))).toBe('E_ARCHIVE_TRAILING')
      expect(await codeOf(Buffer.concat([gz, Buffer.from([0])]))).toBe('E_ARCHIVE_TRAILING')
      expect(await codeOf(gz.subarray(0, -1))).toBe('E_ARCHIVE_TRUNCATED')
      expect(await codeOf(gz.subarray(0, -9))).toBe('E_ARCHIVE_TRUNCATED')
    }
  })

  it('has the right checksum and length', async () => {
    const gz = gzipSync(whole)
    for (const offset of [8, 1]) {
      const altered = Buffer.from(gz)
      altered[altered.length - offset]! ^= 1
      expect(await verdictOn(altered)).toBe('E_ARCHIVE_CHECKSUM')
    }
    expect(await verdictOn(whole)).toBe('E_ARCHIVE_FORMAT')
  })
})

describe('limits of a tarball', () => {
  it('stop a bomb', async () => {
    const bomb = tgzOf(packageJson(), { name: 'package/zeros', body: Buffer.alloc(8 * 2 ** 20) })
    expect(await verdictOn(bomb)).toBe('E_ARCHIVE_RATIO')
    expect(await verdictOn(bomb, 'npm', { limits: { unpackedBytes: 2 ** 20 } })).toBe('E_ARCHIVE_UNPACKED')
    expect(await verdictOn(bomb, 'npm', { limits: { artifactBytes: 100 } })).toBe('E_ARCHIVE_TOO_LARGE')
  })

  it('stop too many entries, implied directories counted', async () => {
    expect(await verdictOn(tgzOf(packageJson(), { name: 'package/a/b/c' }), 'npm', { limits: { entries: 4 } })).toBe(
      'E_ARCHIVE_ENTRIES',
    )
  })

  it('stop a manifest above 1 MiB', async () => {
    const keywords = Array.from({ length: 60_000 }, (_, index) => `keyword-${index}-${index * 7919}`)
    expect(await verdictOn(tgzOf(packageJson({ keywords })))).toBe('E_ARCHIVE_MANIFEST')
  })
})

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readEnvironment } from '../../../src/cli/environment.ts'
import { packFolder } from '../../../src/cli/pack-folder.ts'
import { detectArchive, inspectArchive, verifyArchiveLine } from '../../../src/node/archives/index.ts'
import { packageJson, tgzOf, wheelFiles, zipOf } from './archive-writers.ts'

let home = ''
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'hanse-archives-'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

const pack = (folder: string) =>
  packFolder(folder, { environment: readEnvironment(), signal: new AbortController().signal })

async function written(name: string, bytes: Uint8Array | string): Promise<string> {
  await writeFile(join(home, name), bytes)
  return join(home, name)
}

describe('verify archive', () => {
  it('answers ok only when the manifest agrees with the purl', async () => {
    const path = await written('good.tgz', tgzOf(packageJson()))
    expect(await verifyArchiveLine({ path, as: 'npm' })).toEqual({ ok: true })
    expect(await verifyArchiveLine({ path, as: 'npm', purl: 'pkg:npm/x@1.0.0' })).toEqual({ ok: true })
    expect(await verifyArchiveLine({ path, as: 'npm', purl: 'pkg:npm/x' })).toEqual({ ok: true })
    expect(await verifyArchiveLine({ path, as: 'npm', purl: 'pkg:npm/x@1.0.1' })).toEqual({
      ok: false,
      code: 'E_ARCHIVE_MISMATCH',
    })
    expect(await verifyArchiveLine({ path, as: 'npm', purl: 'pkg:npm/y@1.0.0' })).toEqual({
      ok: false,
      code: 'E_ARCHIVE_MISMATCH',
    })
    expect(await verifyArchiveLine({ path, as: 'npm', purl: 'nonsense' })).toEqual({ ok: false, code: 'E_PURL' })
    expect(await verifyArchiveLine({ path, as: 'wheel' })).toEqual({ ok: false, code: 'E_ARCHIVE_FORMAT' })
  })

  it('reads a wheel under any file name', async () => {
    const path = await written('any.whl', zipOf(wheelFiles()))
    expect(await verifyArchiveLine({ path, as: 'wheel', purl: 'pkg:pypi/Foo_Bar@1.0' })).toEqual({ ok: true })
  })

  it('says when there is no file', async () => {
    expect(await verifyArchiveLine({ path: join(home, 'none'), as: 'npm' })).toEqual({ ok: false, code: 'E_NOT_FOUND' })
    expect(await verifyArchiveLine({ path: home, as: 'npm' })).toEqual({ ok: false, code: 'E_NOT_FOUND' })
  })
})

describe('an inspection', () => {
  it('gives the digests of the bytes it read', async () => {
    const path = await written('digests.tgz', tgzOf(packageJson()))
    const inspection = await inspectArchive({ path }, 'npm')
    expect(inspection).toMatchObject({
      ok: true,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      sha1: expect.stringMatching(/^[0-9a-f]{40}$/),
    })
    expect(inspection).toMatchObject({ sha512: expect.stringMatching(/^sha512-[\w+/]{86}==$/) })
  })

  it('ends when its signal is aborted, also while the source hangs', async () => {
    const controller = new AbortController()
    async function* hanging() {
      yield tgzOf(packageJson()).subarray(0, 20)
      controller.abort(new Error('enough'))
      await new Promise(() => {})
    }
    await expect(inspectArchive(hanging(), 'npm', { signal: controller.signal })).rejects.toThrow('enough')
  })

  it('throws what its source throws', async () => {
    // biome-ignore lint/correctness/useYield: a source that fails before its first chunk
    async function* failing(): AsyncGenerator<Uint8Array> {
      throw new Error('disk on fire')
    }
    await expect(inspectArchive(failing(), 'npm')).rejects.toThrow('disk on fire')
  })
})

describe('publishing from a path', () => {
  it('tells what it is', async () => {
    const gz = tgzOf(packageJson())
    expect(await detectArchive(await written('a.tgz', gz))).toBe('npm')
    expect(await detectArchive(await written('a.tar.gz', gz))).toBe('sdist')
    expect(await detectArchive(await written('a-1.0.0.crate', gz))).toBe('crate')
    expect(await detectArchive(await written('a-1-py3-none-any.whl', 'PK'))).toBe('wheel')
    expect(await detectArchive(await written('a.bin', 'x'))).toBe('file')
  })

  it('packs a folder without running its scripts', async () => {
    const folder = join(home, 'folder')
    await mkdir(folder)
    const scripts = { prepack: 'touch ran', prepare: 'touch ran', postpack: 'touch ran' }
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: '@acme/y', version: '2.0.0', scripts }))
    let path = ''
    {
      await using packed = await pack(folder)
      path = packed.path
      expect(await inspectArchive({ path }, 'npm')).toMatchObject({
        ok: true,
        manifest: { purl: 'pkg:npm/%40acme/y@2.0.0' },
      })
    }
    expect(existsSync(path)).toBe(false)
    expect(existsSync(join(folder, 'ran'))).toBe(false)
  })

  it('packs real packages that pass', async () => {
    for (const name of ['zod', 'semver', 'multiformats']) {
      await using packed = await pack(join('node_modules', name))
      expect(await inspectArchive({ path: packed.path }, 'npm')).toMatchObject({ ok: true, manifest: { name } })
    }
  })

  it('says why a folder cannot be packed', async () => {
    const folder = join(home, 'nameless')
    await mkdir(folder)
    await expect(pack(folder)).rejects.toMatchObject({ code: 'E_USAGE' })
    await writeFile(join(folder, 'package.json'), '{}')
    await expect(pack(folder)).rejects.toMatchObject({ code: 'E_USAGE', message: expect.stringContaining('no name') })
    await writeFile(join(folder, 'package.json'), '{"name":"x","version":"1.0.0"}')
    const environment = { ...readEnvironment(), inherited: { PATH: folder } }
    const withoutNpm = packFolder(folder, { environment, signal: new AbortController().signal })
    await expect(withoutNpm).rejects.toMatchObject({ code: 'E_NPM' })
  })
})

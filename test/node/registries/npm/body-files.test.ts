import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BodyFiles } from '../../../../src/node/registries/npm/body-files.ts'
import { type BodyKey, type BodyStore, PackumentBodies } from '../../../../src/node/registries/npm/packument-bodies.ts'
import type { WithheldPick } from '../../../../src/node/registries/npm/withheld-picks.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hanse-bodies-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const PICK: WithheldPick = {
  ...{ version: '2.0.0', decision: 'hold', rule: 'minimumAge', message: 'young', until: 5, enforced: true },
  hint: null,
}

const kept = (text: string, until: number | null = null) => ({
  stamp: 'r1 p1',
  until,
  body: { bytes: Buffer.from(text), etag: '"e"', picks: [PICK] },
})

it('a body comes back as it was, for the same thing and program alone', async () => {
  const files = new BodyFiles(join(folder, 'same'), '1')
  expect(await files.read('a')).toBeNull()
  await files.write('a', kept('line one\nline two'))
  expect(await files.read('a')).toEqual(kept('line one\nline two'))
  expect(await files.read('b')).toBeNull()
  expect(await new BodyFiles(join(folder, 'same'), '2').read('a')).toBeNull()
})

it('a large body comes back too, also one that has grown; one beyond the bound is made again', async () => {
  const files = new BodyFiles(join(folder, 'large'), '1')
  for (const size of [1, 256 * 1024, 256 * 1024 + 1, 4 * 2 ** 20]) {
    await files.write('a', kept('x'.repeat(size)))
    expect((await files.read('a'))?.body.bytes.length).toBe(size)
  }
  await files.write('b', kept('x'.repeat(4 * 2 ** 20 + 1)))
  expect(await files.read('b')).toBeNull()
})

it('a damaged body is as if it were not there', async () => {
  const files = new BodyFiles(join(folder, 'damaged'), '1')
  await files.write('a', kept('the body'))
  const [name = ''] = await readdir(join(folder, 'damaged'))
  const path = join(folder, 'damaged', name)
  const good = await readFile(path)
  for (let at = 0; at < good.length; at += 7) {
    const bad = Buffer.from(good)
    bad[at]! ^= 1
    await writeFile(path, bad)
    const found = await files.read('a')
    if (found !== null) expect(found.body.bytes.toString()).toBe('the body')
  }
  await writeFile(path, good.subarray(0, -1))
  expect(await files.read('a')).toBeNull()
})

it('a disk that cannot be written costs nothing but the body', async () => {
  await writeFile(join(folder, 'file'), '')
  const files = new BodyFiles(join(folder, 'file'), '1')
  await files.write('a', kept('x'))
  expect(await files.read('a')).toBeNull()
})

it('after a restart a body is not made again unless its revisions or its time have changed', async () => {
  const stored = new Map<string, ReturnType<typeof kept>>()
  const store: BodyStore = {
    read: async id => stored.get(id) ?? null,
    write: async (id, body) => void stored.set(id, body as ReturnType<typeof kept>),
  }
  const key: BodyKey = { name: 'x', sourceKey: 'u', form: 'full', encoding: 'gzip', base: 'http://a/npm' }
  let made = 0
  const get = (stamp: string, now: number) =>
    new PackumentBodies(store).get(key, stamp, now, () => ({ document: { made: ++made }, picks: [PICK], until: 1_000 }))
  const first = await get('r1', 0)
  expect(await get('r1', 999)).toEqual(first)
  expect(made).toBe(1)
  await get('r2', 0)
  await get('r2', 1_000)
  expect(made).toBe(3)
})

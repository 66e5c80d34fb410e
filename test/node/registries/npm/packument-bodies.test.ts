import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { type BodyKey, PackumentBodies } from '../../../../src/node/registries/npm/packument-bodies.ts'

const key = (name: string, given: Partial<BodyKey> = {}): BodyKey => ({
  name,
  sourceKey: 'upstream/u',
  form: 'full',
  encoding: 'identity',
  base: 'http://a/npm',
  ...given,
})

it('makes a body once for its revisions, however many ask at the same time', async () => {
  const bodies = new PackumentBodies()
  let made = 0
  const make = () => {
    made++
    return { document: { made }, picks: [], until: null }
  }
  const asked = await Promise.all(
    Array.from({ length: 20 }, () => bodies.get(key('x', { encoding: 'gzip' }), 'r1', 0, make)),
  )
  expect(made).toBe(1)
  expect(new Set(asked).size).toBe(1)
  expect(gunzipSync(asked[0]!.bytes).toString()).toBe('{"made":1}')
  await bodies.get(key('x', { encoding: 'gzip' }), 'r2', 0, make)
  expect(made).toBe(2)
})

it('keeps the forms, encodings, sources and addresses of one package apart', async () => {
  const bodies = new PackumentBodies()
  const keys = [{}, { form: 'short' }, { encoding: 'gzip' }, { base: 'http://b/npm' }, { sourceKey: 'bafy' }] as const
  for (const [at, given] of keys.entries()) {
    await bodies.get(key('x', given), 'r', 0, () => ({ document: { at }, picks: [], until: null }))
  }
  const etags = new Set<string>()
  for (const [at, given] of keys.entries()) {
    const { bytes, etag } = await bodies.get(key('x', given), 'r', 0, () => ({
      document: { at: 'again' },
      picks: [],
      until: null,
    }))
    const plain = (given as Partial<BodyKey>).encoding === 'gzip' ? gunzipSync(bytes) : bytes
    expect(plain.toString()).toBe(`{"at":${at}}`)
    etags.add(etag)
  }
  expect(etags.size).toBe(keys.length)
})

it('makes a body again when a hold in it has ended, and gives the same text the same tag', async () => {
  const bodies = new PackumentBodies()
  const make = (value: string) => () => ({ document: { value }, picks: [], until: 1_000 })
  const first = await bodies.get(key('x'), 'r', 0, make('held'))
  expect((await bodies.get(key('x'), 'r', 999, make('freed'))).bytes.toString()).toBe('{"value":"held"}')
  expect((await bodies.get(key('x'), 'r', 1_000, make('freed'))).bytes.toString()).toBe('{"value":"freed"}')
  expect((await bodies.get(key('x'), 'r2', 0, make('held'))).etag).toBe(first.etag)
})

it('keeps at most so many bytes, the last used ones', async () => {
  const bodies = new PackumentBodies(undefined, 100)
  const asked: string[] = []
  const get = (name: string, chars = 30) =>
    bodies.get(key(name), 'r', 0, () => {
      asked.push(name)
      return { document: ['x'.repeat(chars)], picks: [], until: null }
    })
  for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await get(name)
  expect(asked).toEqual(['a', 'b', 'c', 'b'])
  expect(bodies.bytes).toBeLessThanOrEqual(100)
  expect((await get('huge', 1_000)).bytes.length).toBe(1_004)
  expect(bodies.bytes).toBeLessThanOrEqual(100)
})

it('tries again after a body could not be made', async () => {
  const bodies = new PackumentBodies()
  const fails = () => {
    throw new Error('broken document')
  }
  await expect(bodies.get(key('x'), 'r', 0, fails)).rejects.toThrow('broken document')
  expect((await bodies.get(key('x'), 'r', 0, () => ({ document: {}, picks: [], until: null }))).bytes.toString()).toBe(
    '{}',
  )
})

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readPublishBody } from '../../../../src/node/registries/npm/publish-body.ts'

let folder: string
let count = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hanse-publish-body-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function* pieces(text: string, size: number) {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(text: string, size = 65_536, limit = 1_000_000) {
  const path = join(folder, String(count++))
  const body = await readPublishBody(Readable.from(pieces(text, size), { objectMode: false }), path, limit)
  return { ...body, tarball: await readFile(path) }
}

const documentOf = (data: string, more: object = {}) => ({
  _id: 'x',
  name: 'x',
  'dist-tags': { latest: '1.0.0' },
  versions: { '1.0.0': { name: 'x', version: '1.0.0', description: 'a "quoted" \\ text {[,:]}' } },
  _attachments: { 'x-1.0.0.tgz': { content_type: 'application/octet-stream', data, length: 3 } },
  ...more,
})

describe('a publish', () => {
  it('comes apart into document and tarball however it is cut', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 })
    await fc.assert(
      fc.asyncProperty(bytes, fc.integer({ min: 1, max: 40 }), fc.boolean(), async (tarball, size, isFirst) => {
        const { _attachments, ...rest } = documentOf(Buffer.from(tarball).toString('base64'))
        const sent = JSON.stringify(isFirst ? { _attachments, ...rest } : { ...rest, _attachments }, null, size % 3)
        const found = await read(sent, size)
        expect(found.hasTarball).toBe(true)
        expect(Buffer.compare(found.tarball, Buffer.from(tarball))).toBe(0)
        expect(found.document).toEqual(documentOf(''))
      }),
      { numRuns: 60 },
    )
  })

  it('may spell its keys with escapes', async () => {
    const text = JSON.stringify(documentOf('aGk=')).replace('_attachments', '\\u005fattachments')
    expect((await read(text)).tarball.toString()).toBe('hi')
  })

  it('without a tarball is a document alone', async () => {
    const { hasTarball, document } = await read(
      JSON.stringify({ name: 'x', versions: { '1.0.0': { deprecated: 'old' } } }),
    )
    expect(hasTarball).toBe(false)
    expect(document.versions['1.0.0']?.deprecated).toBe('old')
  })

  const text = JSON.stringify(documentOf('aGk='))
  const broken: [string, string, string][] = [
    ['no JSON', text.slice(0, -1), 'E_USAGE'],
    ['two documents', `${text}${text}`, 'E_USAGE'],
    ['an array', '[]', 'E_USAGE'],
    ['nothing', '', 'E_USAGE'],
    ['no base64', JSON.stringify(documentOf('a-_=')), 'E_USAGE'],
    ['base64 with white space', JSON.stringify(documentOf('aG k=')), 'E_USAGE'],
    ['base64 after its end', JSON.stringify(documentOf('aGk=aGk=')), 'E_USAGE'],
    ['base64 cut short', JSON.stringify(documentOf('aGkx=')), 'E_USAGE'],
    ['an escape in the data', JSON.stringify(documentOf('aGk=')).replace('aGk=', 'aGk\\u003d'), 'E_USAGE'],
    ['a tarball beyond the limit', JSON.stringify(documentOf('A'.repeat(2_000_000))), 'E_TOO_LARGE'],
    ['a document beyond the limit', JSON.stringify(documentOf('', { readme: 'x'.repeat(5_000_000) })), 'E_TOO_LARGE'],
    ['what nests without end', `{"name":"x","a":${'['.repeat(100_000)}`, 'E_USAGE'],
    [
      'data that is an object',
      JSON.stringify(documentOf('')).replace('"data":""', '"data":{"data":"aGk="}'),
      'E_USAGE',
    ],
    ['two attachments', JSON.stringify({ ...documentOf('aGk='), _attachments: two() }), 'E_USAGE'],
    [
      'one attachment twice',
      text.replace('"_attachments"', '"_attachments":{"b":{"data":"aGk="}},"_attachments"'),
      'E_USAGE',
    ],
  ]
  it.each(broken)('of %s is refused with a code', async (_what, sent, code) => {
    await expect(read(sent)).rejects.toMatchObject({ code })
  })

  it('with names of the language as keys changes nothing', async () => {
    const sent = text.replace('{"_id"', '{"__proto__":{"polluted":true},"constructor":1,"_id"')
    expect((await read(sent)).document.name).toBe('x')
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})

function two() {
  return { a: { data: 'aGk=' }, b: { data: 'aGk=' } }
}

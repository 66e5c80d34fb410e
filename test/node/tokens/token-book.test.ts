import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lifeMsOf, type NewToken, TokenBook } from '../../../src/node/tokens/index.ts'
import type { Pattern } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const DAY_MS = 24 * 60 * 60_000
const wanted = (name: string, more: Partial<NewToken> = {}): NewToken => ({
  ...{ name, scope: 'read', names: null, expiresAt: null },
  ...more,
})
const pathOf = async () => join(await temporaryFolder(), 'tokens.json')

test('a token is told once, kept as its digest in a file of its owner, and found after a restart', async () => {
  const path = await pathOf()
  const book = await TokenBook.open(path)
  const names = ['npm:@acme/*' as Pattern]
  const { text, token } = await book.create(wanted('ci', { scope: 'publish', names, expiresAt: 9e12 }))
  expect(text).toMatch(/^hanse_[\w-]{43}$/)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readFile(path, 'utf8')).not.toContain(text)
  for (const each of [book, await TokenBook.open(path)]) {
    expect(each.find(text)).toEqual(token)
    expect(each.find(`${text}x`)).toBeNull()
    expect(each.find('')).toBeNull()
    expect(each.list()).toEqual([token])
  }
})

test('a revoked token is nobody’s at once, and its name is free again', async () => {
  const path = await pathOf()
  const book = await TokenBook.open(path)
  const first = await book.create(wanted('ci'))
  await expect(book.create(wanted('ci'))).rejects.toMatchObject({ code: 'E_NAME_TAKEN' })
  await book.revoke('ci')
  expect(book.find(first.text)).toBeNull()
  await expect(book.revoke('ci')).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
  const second = await book.create(wanted('ci'))
  expect(second.text).not.toBe(first.text)
  expect((await TokenBook.open(path)).find(first.text)).toBeNull()
})

test('a revoked token is nobody’s also when the disk takes nothing, and revoking it again is what writes it', async () => {
  const path = await pathOf()
  const book = await TokenBook.open(path)
  const { text } = await book.create(wanted('ci'))
  const { text: other } = await book.create(wanted('office'))
  const written = await readFile(path)
  await rm(path)
  await mkdir(path)
  await expect(book.revoke('ci')).rejects.toMatchObject({ code: 'E_FILE' })
  expect([book.find(text), book.find(other)?.name]).toEqual([null, 'office'])
  await rm(path, { recursive: true })
  await writeFile(path, written)
  await book.revoke('ci')
  expect((await TokenBook.open(path)).list().map(({ name }) => name)).toEqual(['office'])
})

test('two tokens of one name are a damaged file: one would be good and listed nowhere', async () => {
  const path = await pathOf()
  const book = await TokenBook.open(path)
  await book.create(wanted('ci'))
  const { tokens } = JSON.parse(await readFile(path, 'utf8')) as { tokens: object[] }
  await writeFile(path, JSON.stringify({ version: 1, tokens: [...tokens, { ...tokens[0], sha256: 'a'.repeat(64) }] }))
  await expect(TokenBook.open(path)).rejects.toMatchObject({ code: 'E_FILE_CORRUPT' })
})

test('many made at once are all kept', async () => {
  const path = await pathOf()
  const book = await TokenBook.open(path)
  const names = Array.from({ length: 20 }, (_, at) => `t${String(at).padStart(2, '0')}`)
  await Promise.all(names.map(name => book.create(wanted(name))))
  expect((await TokenBook.open(path)).list().map(({ name }) => name)).toEqual(names)
})

test.each(['', 'A', '1a', '-', 'a b', 'a/b', '__proto__', '127.0.0.1', 'fe80::1', 'local', 'api', 'a'.repeat(65)])(
  'the name %j is refused',
  async name => {
    const book = await TokenBook.open(await pathOf())
    await expect(book.create(wanted(name))).rejects.toMatchObject({ code: 'E_USAGE' })
  },
)

test('a node has a bounded number of tokens', async () => {
  const path = await pathOf()
  const more = { scope: 'read', names: null, createdAt: 0, expiresAt: null, lastUsedDay: null }
  const tokens = Array.from({ length: 1_000 }, (_, at) => ({
    ...{ name: `t${at}`, sha256: String(at).padStart(64, '0') },
    ...more,
  }))
  await writeFile(path, JSON.stringify({ version: 1, tokens }))
  const book = await TokenBook.open(path)
  await expect(book.create(wanted('another'))).rejects.toMatchObject({ code: 'E_TOO_LARGE' })
  await book.revoke('t7')
  await book.create(wanted('another'))
})

test('only publishing is limited to names', async () => {
  const book = await TokenBook.open(await pathOf())
  for (const scope of ['read', 'admin'] as const) {
    await expect(book.create(wanted('a', { scope, names: ['*' as Pattern] }))).rejects.toMatchObject({
      code: 'E_USAGE',
    })
  }
})

test('the day of the last use is listed at once and written when the book is closed', async () => {
  const path = await pathOf()
  let now = 20_000 * DAY_MS
  const book = await TokenBook.open(path, () => now)
  const { text, token } = await book.create(wanted('ci'))
  expect(book.list()).toMatchObject([{ lastUsedDay: null }])
  book.use(token)
  now += DAY_MS
  book.use(book.find(text)!)
  expect(book.list()).toMatchObject([{ lastUsedDay: 20_001 }])
  expect((await TokenBook.open(path)).list()).toMatchObject([{ lastUsedDay: null }])
  await book[Symbol.asyncDispose]()
  expect((await TokenBook.open(path)).list()).toMatchObject([{ lastUsedDay: 20_001 }])
})

test('a damaged file stops the start: tokens are never dropped unasked', async () => {
  const path = await pathOf()
  const token = { name: 'a', scope: 'root', names: null, sha256: '0'.repeat(64), createdAt: 0, expiresAt: null }
  for (const text of [
    '',
    '{',
    '{"version":1}',
    JSON.stringify({ version: 1, tokens: [{ ...token, lastUsedDay: null }] }),
  ]) {
    await writeFile(path, text)
    await expect(TokenBook.open(path)).rejects.toMatchObject({ code: 'E_FILE_CORRUPT' })
  }
})

test.each([
  ['12h', 12 / 24],
  ['90d', 90],
  ['8w', 56],
  ['1y', 365],
  ['10y', 3_650],
])('%s are %d days', (text, days) => {
  expect(lifeMsOf(text)).toBe(days * DAY_MS)
})

test.each(['', '0d', '90', 'd', '-1d', '1.5d', '11y', '99999d', '9m', '1e3d', ' 1d'])('%j is no time to live', text => {
  expect(() => lifeMsOf(text)).toThrow(expect.objectContaining({ code: 'E_USAGE' }))
})

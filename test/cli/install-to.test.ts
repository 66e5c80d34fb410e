import { createHash } from 'node:crypto'
import { access, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ApiClient } from '../../src/cli/api-client.ts'
import { readEnvironment } from '../../src/cli/environment.ts'
import { installTo } from '../../src/cli/install-to.ts'
import { publishFile, publishPath } from '../../src/cli/publish-path.ts'

const MANIFEST = JSON.stringify({ name: 'x', version: '1.0.0' })
const BYTES = Buffer.from('the bytes of a package')
const SHA256 = createHash('sha256').update(BYTES).digest('hex')

/** A stand-in for a node: what it answers is what the test says. */
let answer: {
  purl: string
  fileName: string
  bytes: Buffer
  sha256: string
  refuse?: { status: number; body: unknown }
}
let seen: { url: string | undefined; token: string | undefined; size: number }[]
let server: Server
let client: ApiClient
let folder: string

beforeEach(async () => {
  answer = { purl: 'pkg:npm/x@1.0.0', fileName: 'x-1.0.0.tgz', bytes: BYTES, sha256: SHA256 }
  seen = []
  folder = await mkdtemp(join(tmpdir(), 'hanse-install-'))
  server = createServer(async (request, response) => {
    let size = 0
    for await (const chunk of request as AsyncIterable<Buffer>) size += chunk.byteLength
    seen.push({ url: request.url, token: request.headers.authorization, size })
    if (answer.refuse) {
      response.statusCode = answer.refuse.status
      response.end(JSON.stringify(answer.refuse.body))
    } else if (request.method === 'GET') {
      response.end(answer.bytes)
    } else {
      response.end(
        JSON.stringify({
          purl: answer.purl,
          publisher: 'bafyx',
          sha256: answer.sha256,
          from: 'peer',
          fileName: answer.fileName,
        }),
      )
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  client = new ApiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'secret')
})
afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true, force: true })
})

test('writes the checked file under its own name into a folder it creates', async () => {
  const into = join(folder, 'a', 'b')
  const installed = await installTo(client, { purl: 'npm:x' }, into)
  expect(installed).toEqual({
    purl: 'pkg:npm/x@1.0.0',
    publisher: 'bafyx',
    path: join(into, 'x-1.0.0.tgz'),
    sha256: SHA256,
    from: 'peer',
    mirrors: [],
  })
  expect(await readFile(installed.path)).toEqual(BYTES)
  expect(seen.map(({ token }) => token)).toEqual(['Bearer secret', 'Bearer secret'])
})

test('a folder that takes no files ends at once with a code', async () => {
  for (const into of ['/proc/hanse', '/proc/hanse/deep/er', '/dev/null/x'])
    await expect(installTo(client, { purl: 'npm:x' }, into)).rejects.toMatchObject({
      code: 'E_FILE',
      hint: expect.stringContaining('choose'),
    })
})

test('altered bytes are refused and leave nothing behind', async () => {
  answer.bytes = Buffer.from('the bytes of a packagf')
  await expect(installTo(client, { purl: 'npm:x' }, folder)).rejects.toMatchObject({ code: 'E_ARTIFACT_ALTERED' })
  expect(await readdir(folder)).toEqual([])
})

test('a file name that leaves the folder or hides is refused before a byte is fetched', async () => {
  for (const fileName of [
    '../x.tgz',
    '/etc/passwd',
    'a/b.tgz',
    '..',
    '.bashrc',
    '',
    'a\\b',
    'a\u0000b',
    'a\nb',
    'x'.repeat(300),
  ]) {
    answer.fileName = fileName
    await expect(installTo(client, { purl: 'npm:x' }, folder)).rejects.toMatchObject({ code: 'E_FILE_NAME' })
  }
  expect(await readdir(folder)).toEqual([])
  expect(seen.every(({ url }) => url === '/api/install')).toBe(true)
})

test("a node's refusal keeps its code, message and hint", async () => {
  const error = { code: 'E_NO_ROUTE', message: 'no route', hint: 'hanse allow bafyx' }
  answer.refuse = { status: 403, body: { error } }
  await expect(installTo(client, { purl: 'npm:x' }, folder)).rejects.toMatchObject(error)
})

test('an answer without an error body still has a code', async () => {
  answer.refuse = { status: 401, body: 'go away' }
  await expect(client.call('GET', '/api/status')).rejects.toMatchObject({ code: 'E_UNAUTHORISED' })
  answer.refuse = { status: 500, body: { error: { code: '\u001b[31m' } } }
  await expect(client.call('GET', '/api/status')).rejects.toMatchObject({ code: 'E_BAD_ANSWER' })
})

test('publish uploads the file whole, with its choices in the query', async () => {
  const file = join(import.meta.dirname, '../../package.json')
  await publishFile(client, file, { public: true, purl: 'pkg:generic/x@1' })
  expect(seen[0]?.url).toBe('/api/publish?name=package.json&public=1&purl=pkg%3Ageneric%2Fx%401')
  expect(seen[0]?.size).toBe((await readFile(file)).byteLength)
})

test('a node may refuse an upload before its end', async () => {
  answer.refuse = { status: 409, body: { error: { code: 'E_VERSION_EXISTS', message: 'exists' } } }
  await expect(publishFile(client, process.execPath, {})).rejects.toMatchObject({ code: 'E_VERSION_EXISTS' })
})

test('a node that answers an upload and reads no more of it keeps nobody waiting', async () => {
  const body = JSON.stringify({ error: { code: 'E_DISK_FULL', message: 'full' } })
  const head = `HTTP/1.1 507 Full\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
  const deaf = createTcpServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => socket.pause().write(head + body))
  })
  await new Promise<void>(resolve => deaf.listen(0, '127.0.0.1', resolve))
  const { port } = deaf.address() as AddressInfo
  const refused = publishFile(new ApiClient(`http://127.0.0.1:${port}`), process.execPath, {})
  await expect(refused).rejects.toMatchObject({ code: 'E_DISK_FULL' })
  deaf.close()
})

test('a package folder is packed by npm, without running its scripts', async () => {
  const source = join(folder, 'source')
  await mkdir(source)
  const scripts = { prepack: 'touch ran', prepare: 'touch ran', postpack: 'touch ran' }
  await writeFile(join(source, 'package.json'), JSON.stringify({ name: '@acme/x', version: '1.0.0', scripts }))
  const surroundings = { environment: readEnvironment(), signal: new AbortController().signal }
  await publishPath(client, source, {}, surroundings)
  expect(seen[0]?.url).toBe('/api/publish?name=acme-x-1.0.0.tgz')
  expect(seen[0]?.size).toBeGreaterThan(100)
  await expect(access(join(source, 'ran'))).rejects.toThrow()
  await expect(publishPath(client, folder, {}, surroundings)).rejects.toMatchObject({ code: 'E_USAGE' })
  await expect(publishPath(client, join(folder, 'none'), {}, surroundings)).rejects.toMatchObject({
    code: 'E_NOT_FOUND',
  })
})

test('--extract unpacks a tarball beside itself, and nothing that is none', async () => {
  const { create } = await import('tar')
  const source = join(folder, 'source')
  await mkdir(join(source, 'package'), { recursive: true })
  await writeFile(join(source, 'package', 'index.js'), 'x')
  await writeFile(join(source, 'package', 'package.json'), MANIFEST)
  await create({ file: join(folder, 'a.tgz'), cwd: source, gzip: true }, ['package'])
  answer.bytes = await readFile(join(folder, 'a.tgz'))
  answer.sha256 = createHash('sha256').update(answer.bytes).digest('hex')
  const into = join(folder, 'into')
  const { path } = await installTo(client, { purl: 'npm:x' }, into, { extract: true })
  expect(await readFile(join(into, 'x-1.0.0', 'index.js'), 'utf8')).toBe('x')
  expect((await readdir(into)).sort()).toEqual(['x-1.0.0', 'x-1.0.0.tgz'])
  expect(path).toBe(join(into, 'x-1.0.0.tgz'))
  answer.fileName = 'y-1.0.0.tgz'
  answer.purl = 'pkg:npm/y@1.0.0'
  const another = installTo(client, { purl: 'npm:y' }, into, { extract: true })
  await expect(another).rejects.toMatchObject({ code: 'E_ARCHIVE_MISMATCH' })
  await expect(lstat(join(into, 'y-1.0.0'))).rejects.toMatchObject({ code: 'ENOENT' })
  answer.fileName = 'x-1.0.0-py3-none-any.whl'
  await expect(installTo(client, { purl: 'npm:x' }, into, { extract: true })).rejects.toMatchObject({ code: 'E_USAGE' })
})

test('a file that cannot be written ends the connection that its bytes came by', async () => {
  const closed = Promise.withResolvers<void>()
  const endless = createServer((request, response) => {
    request.resume()
    if (request.method === 'POST') {
      const { fileName, sha256 } = answer
      return response.end(
        JSON.stringify({ purl: 'pkg:npm/x@1.0.0', publisher: 'bafyx', sha256, from: 'peer', fileName }),
      )
    }
    response.on('close', () => closed.resolve())
    return response.write(BYTES)
  })
  await new Promise<void>(resolve => endless.listen(0, '127.0.0.1', resolve))
  const to = new ApiClient(`http://127.0.0.1:${(endless.address() as AddressInfo).port}`)
  await expect(installTo(to, { purl: 'npm:x' }, '/dev/null')).rejects.toMatchObject({ code: 'E_FILE' })
  await closed.promise
  endless.close()
})

async function answerWithTarball(files: Readonly<Record<string, string>>): Promise<void> {
  const { create } = await import('tar')
  const source = await mkdtemp(join(folder, 'source-'))
  await mkdir(join(source, 'package', 'lib'), { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(source, 'package', name), text)
  const file = join(source, 'a.tgz')
  await create({ file, cwd: source, gzip: true }, ['package'])
  answer.bytes = await readFile(file)
  answer.sha256 = createHash('sha256').update(answer.bytes).digest('hex')
}

test('--extract leaves a folder that is there as it is: the same one is fine, another one is refused', async () => {
  await answerWithTarball({ 'package.json': MANIFEST, 'index.js': 'x', 'lib/a.js': 'a' })
  const into = join(folder, 'into')
  const target = join(into, 'x-1.0.0')
  const install = () => installTo(client, { purl: 'npm:x' }, into, { extract: true })
  await install()
  await install()
  const changes: readonly (() => Promise<unknown>)[] = [
    () => writeFile(join(target, 'notes.md'), 'my work'),
    () => rm(join(target, 'notes.md')).then(() => writeFile(join(target, 'index.js'), 'y')),
    () => rm(target, { recursive: true }).then(() => writeFile(target, 'a file')),
    () => rm(target).then(() => symlink(folder, target)),
  ]
  for (const change of changes) {
    await change()
    const before = await lstat(target)
    await expect(install()).rejects.toMatchObject({ code: 'E_FILE_EXISTS', hint: expect.stringContaining('--to') })
    expect((await lstat(target)).ino).toBe(before.ino)
    expect((await readdir(into)).sort()).toEqual(['x-1.0.0', 'x-1.0.0.tgz'])
  }
})

test('a package.json that is not JSON is told as such, with the line that corrects it', async () => {
  await writeFile(join(folder, 'package.json'), '{ "name": ')
  const surroundings = { environment: readEnvironment(), signal: new AbortController().signal }
  await expect(publishPath(client, folder, {}, surroundings)).rejects.toMatchObject({
    ...{ code: 'E_USAGE', message: expect.stringContaining('is not JSON'), hint: expect.stringContaining('correct') },
  })
})

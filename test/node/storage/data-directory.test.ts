import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openAuditLog } from '../../../src/node/storage/audit-log.ts'
import { HOME_FORMAT, openDataDirectory } from '../../../src/node/storage/data-directory.ts'
import { readJsonFile, replaceFile, replaceJsonFile } from '../../../src/node/storage/json-file.ts'
import { openLevelDatabase } from '../../../src/node/storage/open-level-database.ts'
import { runProcess } from '../../run-process.ts'
import { scopedFolder } from './temporary-home.ts'

let stack: AsyncDisposableStack
let folder: string
beforeEach(async () => {
  stack = new AsyncDisposableStack()
  folder = stack.use(await scopedFolder()).path
})
afterEach(() => stack.disposeAsync())

describe('the data directory', () => {
  test('is created for its user alone and carries its format', async () => {
    const home = join(folder, 'new', 'home')
    await using directory = await openDataDirectory(home)
    for (const path of [home, directory.database, directory.content, directory.state])
      expect((await stat(path)).mode & 0o777).toBe(0o700)
    expect(await readFile(join(home, 'format'), 'utf8')).toBe(`${HOME_FORMAT}\n`)
  })

  test('belongs to one opener at a time, and the second is told the pid', async () => {
    const first = await openDataDirectory(folder)
    await expect(openDataDirectory(folder)).rejects.toMatchObject({
      code: 'E_HOME_IN_USE',
      message: expect.stringContaining(`${process.pid}`),
    })
    await first[Symbol.asyncDispose]()
    await (await openDataDirectory(folder))[Symbol.asyncDispose]()
    expect((await readdir(folder)).sort()).toEqual(['database', 'format', 'state'])
  })

  test('goes to exactly one of many that find the lock of a dead process', async () => {
    await writeFile(join(folder, 'lock'), JSON.stringify({ pid: process.pid, started: 'another boot 1' }))
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => openDataDirectory(folder)))
    const won = tries.filter(result => result.status === 'fulfilled')
    expect(won.length).toBe(1)
    for (const { value } of won) await value[Symbol.asyncDispose]()
  })

  test('is taken over from a process that was killed', async () => {
    const script = `const { openDataDirectory } = await import(process.argv[1]); await openDataDirectory(process.argv[2]); console.log('open'); setInterval(() => {}, 1e6)`
    const module = new URL('../../../src/node/storage/data-directory.ts', import.meta.url).href
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, module, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    await expect(openDataDirectory(folder)).rejects.toMatchObject({
      code: 'E_HOME_IN_USE',
      message: expect.stringContaining(`${child.pid}`),
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    await (await openDataDirectory(folder))[Symbol.asyncDispose]()
  })

  test('refuses a newer format and a broken one', async () => {
    await writeFile(join(folder, 'format'), '2\n')
    await expect(openDataDirectory(folder)).rejects.toMatchObject({ code: 'E_HOME_NEWER' })
    await writeFile(join(folder, 'format'), 'two')
    await expect(openDataDirectory(folder)).rejects.toMatchObject({ code: 'E_HOME_CORRUPT' })
    expect(await readdir(folder)).toEqual(['format'])
  })

  test('migrates an older format step by step after a copy', async () => {
    const first = await openDataDirectory(folder)
    await writeFile(join(first.state, 'relations.json'), 'old')
    await first[Symbol.asyncDispose]()
    const steps = new Map([[1, (home: string) => writeFile(join(home, 'state', 'relations.json'), 'new')]])
    await (await openDataDirectory(folder, { version: 2, steps }))[Symbol.asyncDispose]()
    expect(await readFile(join(folder, 'state', 'relations.json'), 'utf8')).toBe('new')
    expect(await readFile(join(folder, 'before-format-2', 'state', 'relations.json'), 'utf8')).toBe('old')
    await expect(openDataDirectory(folder)).rejects.toMatchObject({ code: 'E_HOME_NEWER' })
  })

  test('keeps another process out of the database itself', async () => {
    await using _database = await openLevelDatabase(folder)
    const source = import.meta.resolve('../../../src/node/storage/open-level-database.ts')
    const opening = `
      const { openLevelDatabase } = await import(process.argv[1])
      const told = await openLevelDatabase(process.argv[2]).then(() => 'opened', error => error.code)
      console.log(told)`
    const { out } = await runProcess(process.execPath, ['-e', opening, source, folder], { env: process.env })
    expect(out).toBe('E_HOME_IN_USE\n')
  })
})

describe('a JSON file of local state', () => {
  const schema = z.strictObject({ n: z.number() })

  test('is absent, or what was written, with its mode', async () => {
    const path = join(folder, 'state.json')
    expect(await readJsonFile(path, schema)).toBeNull()
    await replaceJsonFile(path, { n: 1 })
    await replaceJsonFile(path, { n: 2 }, 0o640)
    expect(await readJsonFile(path, schema)).toEqual({ n: 2 })
    expect((await stat(path)).mode & 0o777).toBe(0o640)
    expect(await readdir(folder)).toEqual(['state.json'])
  })

  test('is refused when it is no JSON or does not fit', async () => {
    const path = join(folder, 'state.json')
    for (const text of ['{', '{"n":"1"}', '{"n":1,"m":2}']) {
      await replaceFile(path, Buffer.from(text))
      await expect(readJsonFile(path, schema)).rejects.toMatchObject({ code: 'E_FILE_CORRUPT' })
    }
  })
})

describe('the audit log', () => {
  test('keeps one line an event, in the order of the calls, across a line cut off by a crash', async () => {
    const path = join(folder, 'audit.jsonl')
    await writeFile(path, '{"at":1,"who":"cli","wh')
    {
      await using log = await openAuditLog(path)
      await Promise.all([2, 3, 4].map(at => log.append({ at, who: 'cli', what: 'relation.allow', publisher: 'acme' })))
    }
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
    expect(lines.length).toBe(4)
    expect(lines.slice(1).map(line => JSON.parse(line).at)).toEqual([2, 3, 4])
  })
})

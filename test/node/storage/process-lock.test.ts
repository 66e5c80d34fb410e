import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { takeProcessLock } from '../../../src/node/storage/process-lock.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const LOCK = new URL('../../../src/node/storage/process-lock.ts', import.meta.url).pathname
/** Takes the lock, says its pid and stays. */
const HOLDER = `
  const { takeProcessLock } = await import(process.argv[1])
  await takeProcessLock(process.argv[2])
  console.log(process.pid)
  setInterval(() => {}, 1e6)`

const stateOf = async (pid: number) => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

test.skipIf(!existsSync('/proc/self/stat'))(
  'a lock is free when its process was killed, also while nobody has waited for that process',
  async () => {
    const path = join(await temporaryFolder(), 'lock')
    // The shell becomes a program that never waits for its children: the killed holder stays a zombie.
    const parent = spawn(
      '/bin/sh',
      [
        '-c',
        '"$0" --input-type=module -e "$1" "$2" "$3" & exec tail -f /dev/null',
        process.execPath,
        HOLDER,
        LOCK,
        path,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    try {
      const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
      const pid = Number(line)
      await expect(takeProcessLock(path)).rejects.toMatchObject({
        code: 'E_HOME_IN_USE',
        message: expect.stringContaining(`process ${pid}`),
      })
      process.kill(pid, 'SIGKILL')
      for (let fields = await stateOf(pid); fields[0] !== 'Z' || fields[17] !== '1'; ) fields = await stateOf(pid)
      await using _lock = await takeProcessLock(path)
      expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid })
    } finally {
      parent.kill('SIGKILL')
    }
  },
)

const DEAD = JSON.stringify({ pid: process.pid, started: 'another boot 1' })

test('a dead lock has one successor, however many processes read it before another took it over', async () => {
  const folder = await temporaryFolder()
  for (let round = 0; round < 60; round++) {
    const path = join(folder, `lock-${round}`)
    await writeFile(path, DEAD)
    const tries = await Promise.allSettled(Array.from({ length: 12 }, () => takeProcessLock(path)))
    const won = tries.filter(result => result.status === 'fulfilled')
    expect(won.length).toBe(1)
    for (const { value } of won) await value[Symbol.asyncDispose]()
  }
  expect(await readdir(folder)).toEqual([])
})

test('a lock is taken over also when a process died while it took it over', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'lock')
  await writeFile(path, DEAD)
  await writeFile(`${path}.${createHash('sha256').update(DEAD).digest('hex').slice(0, 16)}`, DEAD)
  await (await takeProcessLock(path))[Symbol.asyncDispose]()
  expect(await readdir(folder)).toEqual([])
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test, vi } from 'vitest'
import { temporaryFolder } from '../temporary-folder.ts'

const CLI = join(import.meta.dirname, '../../dist/hanse.js')

/** How many nodes below that folder run: each has a `run.json` until it ends. */
const runningIn = async (folder: string) =>
  (await readdir(folder, { recursive: true })).filter(path => path.endsWith('/run.json')).length

test('Ctrl-C a second time, while the nodes of the demo end, leaves none of them behind', async () => {
  const folder = await temporaryFolder()
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', TMPDIR: folder }
  const demo = spawn(process.execPath, [CLI, 'demo'], { env, stdio: ['ignore', 'pipe', 'ignore'] })
  const closed = once(demo, 'close')
  for await (const line of createInterface({ input: demo.stdout })) if (line.includes(' ok ')) break
  demo.kill('SIGINT')
  await vi.waitFor(async () => expect(await runningIn(folder)).toBeLessThan(3), 20_000)
  demo.kill('SIGINT')
  expect(await closed).toEqual([130, null])
  expect(await readdir(folder)).toEqual([])
}, 60_000)

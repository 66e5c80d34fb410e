import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const run = promisify(execFile)

test('the continuous integration runs exactly the test script', async () => {
  const lines = (await readFile(join(ROOT, '.ci/run'), 'utf8')).split('\n').filter(line => line.includes('./scripts/'))
  expect(lines).toEqual(['exec ./scripts/test'])
})

test('scripts/hanse builds what is missing and runs from any folder', async () => {
  const { stdout } = await run(join(ROOT, 'scripts/hanse'), ['--version'], { cwd: '/' })
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test('the bundle loads no package from outside for help', async () => {
  const bundle = await readFile(join(ROOT, 'dist/hanse.js'), 'utf8')
  const imports = [...bundle.matchAll(/^import [^;]*?from ?["']([^"']+)["']/gm)].map(([, name = '']) => name)
  expect(imports.filter(name => !name.startsWith('node:') && !name.startsWith('./chunk-'))).toEqual([])
})

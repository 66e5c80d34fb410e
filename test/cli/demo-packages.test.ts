import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { packInstalled } from '../../src/cli/demo/pack-package.ts'
import { refusalOf, StepList, type StepReport } from '../../src/cli/demo/step.ts'
import { CliError } from '../../src/cli/errors.ts'
import { verifyArchiveLine } from '../../src/node/index.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hanse-demo-test-'))
})
afterEach(async () => await rm(folder, { recursive: true, force: true }))

test('packs a few dozen installed packages that the validator takes, twice to the same bytes', async () => {
  await Promise.all(['one', 'two'].map(name => mkdir(join(folder, name))))
  const [first, second] = [await packInstalled(join(folder, 'one')), await packInstalled(join(folder, 'two'))]
  expect(first.length).toBeGreaterThan(30)
  for (const { file, name, version } of first) {
    const purl = `pkg:npm/${name}@${version}`
    expect([name, await verifyArchiveLine({ path: file, as: 'npm', purl })]).toEqual([name, { ok: true }])
  }
  const digests = (list: typeof first) =>
    Promise.all(
      list.map(async ({ file }) =>
        createHash('sha256')
          .update(await readFile(file))
          .digest('hex'),
      ),
    )
  expect(await digests(first)).toEqual(await digests(second))
})

test('the steps stop at the first that is not as expected', async () => {
  const seen: StepReport[] = []
  const steps = new StepList(report => seen.push(report), new AbortController().signal)
  await steps.run('one', async () => 'fine')
  await steps.run('two', async () => {
    throw new CliError('E_NETWORK', 'broken')
  })
  await steps.run('three', async () => 'never')
  expect(seen.map(({ number, step, ok, detail }) => [number, step, ok, detail])).toEqual([
    [1, 'one', true, 'fine'],
    [2, 'two', false, 'E_NETWORK: broken'],
  ])
  expect(steps.ok).toBe(false)
})

test('a refusal counts only with an expected code, and success is a failure', async () => {
  const refuse = async () => {
    throw new CliError('E_NETWORK', 'x')
  }
  expect(await refusalOf(refuse, ['E_NETWORK'])).toBe('E_NETWORK')
  await expect(refusalOf(refuse, ['E_NO_ROUTE'])).rejects.toMatchObject({ code: 'E_NETWORK' })
  await expect(refusalOf(async () => 1, ['E_NO_ROUTE'])).rejects.toMatchObject({ code: 'E_BAD_ANSWER' })
})

import { access, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readEnvironment } from '../../../src/cli/environment.ts'
import { runCli } from '../../../src/cli/run-cli.ts'
import { doctorHome, restoreHome, startNode } from '../../../src/node/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const nowhere = async () => join(await temporaryFolder(), 'home')
const http = { host: '127.0.0.1', port: 0 }
const expectAbsent = (path: string) => expect(access(path)).rejects.toMatchObject({ code: 'ENOENT' })

test('doctor of a folder that is no home says so and makes none', async () => {
  const home = await nowhere()
  await expect(doctorHome(home, { repair: true }).next()).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
  await expectAbsent(home)
})

test.each([
  ['a flag', { listen: ['foo'] }],
  ['a bootstrap', { bootstrap: ['/ip4/127.0.0.1/tcp/1'] }],
  ['a variable', { env: { HANSE_LIMITS_ARTIFACT_BYTES: 'many' } }],
])('a start refused for %s leaves no home', async (_what, options) => {
  const home = await nowhere()
  await expect(startNode({ home, http, network: 'off', ...options })).rejects.toMatchObject({ code: 'E_CONFIG' })
  await expectAbsent(home)
})

test('a restore that fails, before it writes or half-way, leaves no home', async () => {
  const home = await nowhere()
  const file = join(await temporaryFolder(), 'backup')
  {
    await using _node = await startNode({ home, http, network: 'off' })
    await writeFile(join(home, 'config.yaml'), 'nonsense: true\n')
    const environment = readEnvironment({ HANSE_BACKUP_PASSPHRASE: 'harbour' })
    const args = ['backup', file, '--home', home, '--json']
    expect(await runCli(args, environment, new AbortController().signal)).toBe(0)
  }
  for (const [passphrase, code] of [
    ['Harbour', 'E_BACKUP'],
    ['harbour', 'E_CONFIG'],
  ] as const) {
    const restored = await nowhere()
    const restoring = restoreHome(restored, file, { offline: true, passphrases: [passphrase] })
    await expect(restoring, code).rejects.toMatchObject({ code })
    await expectAbsent(restored)
  }
  const bytes = await readFile(file)
  await writeFile(file, bytes.subarray(0, bytes.length - 9))
  const restored = await nowhere()
  const restoring = restoreHome(restored, file, { offline: true, passphrases: ['harbour'] })
  await expect(restoring).rejects.toMatchObject({ code: 'E_BACKUP_CORRUPT' })
  await expectAbsent(restored)
})

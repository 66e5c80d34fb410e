import { access, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
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

/** A backup of a node with that file in its home, that ran with these variables. */
async function backupWith(name: string, text: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const home = await nowhere()
  const file = join(await temporaryFolder(), 'backup')
  await using _node = await startNode({ home, http, network: 'off', env })
  await writeFile(join(home, name), text)
  const environment = readEnvironment({ HANSE_BACKUP_PASSPHRASE: 'harbour' })
  const args = ['backup', file, '--home', home, '--json']
  expect(await runCli(args, environment, new AbortController().signal)).toBe(0)
  return file
}

test('what ran with HANSE_NETWORK_ID is restored with it, and without it the hint names it', async () => {
  const env = { HANSE_NETWORK_ID: 'acme' }
  const file = await backupWith('config.yaml', 'network:\n  mode: off\n', env)
  const home = await nowhere()
  const options = { offline: true, passphrases: ['harbour'] }
  await expect(restoreHome(home, file, options)).rejects.toMatchObject({
    code: 'E_BACKUP',
    hint: expect.stringMatching(/HANSE_NETWORK_ID=.* network main/),
  })
  await expectAbsent(home)
  const restored = (await restoreHome(home, file, { ...options, env })) as { publisher: string }
  await using node = await startNode({ home, http, network: 'off', env })
  expect(node.ready.publisher).toBe(restored.publisher)
})

test('a home with anything of a node in it is not restored into, and stays as it is', async () => {
  const file = await backupWith('config.yaml', 'network:\n  mode: public\n')
  const options = { offline: true, passphrases: ['harbour'] }
  const configured = await temporaryFolder()
  await writeFile(join(configured, 'config.yaml'), 'network:\n  mode: off\n')
  await expect(restoreHome(configured, file, options)).rejects.toMatchObject({ code: 'E_HOME_EXISTS' })
  expect(await readFile(join(configured, 'config.yaml'), 'utf8')).toContain('off')
  expect(await readdir(configured)).toEqual(['config.yaml'])

  const used = await nowhere()
  {
    await using _node = await startNode({ home: used, http, network: 'off' })
  }
  await rm(join(used, 'identity.json'))
  await expect(restoreHome(used, file, options)).rejects.toMatchObject({ code: 'E_HOME_EXISTS' })
  await expectAbsent(join(used, 'identity.json'))
})

test('a file is no home to restore into, and stays', async () => {
  const file = await backupWith('config.yaml', 'network:\n  mode: off\n')
  const options = { offline: true, passphrases: ['harbour'] }
  await expect(restoreHome(file, file, options)).rejects.toMatchObject({ code: 'E_STORAGE_FAILED' })
  await access(file)
})

test('a restore that fails in an empty folder leaves it empty, and the next one may go there', async () => {
  const home = await temporaryFolder()
  for (const name of ['lost+found', '.snapshots']) await mkdir(join(home, name))
  const options = { offline: true, passphrases: ['harbour'] }
  const bad = await backupWith('config.yaml', 'nonsense: true\n')
  await expect(restoreHome(home, bad, options)).rejects.toMatchObject({ code: 'E_CONFIG' })
  expect((await readdir(home)).filter(name => name !== 'lock')).toEqual(['.snapshots', 'lost+found'])
  const good = await backupWith('config.yaml', 'network:\n  mode: off\n')
  expect(await restoreHome(home, good, options)).toMatchObject({ home })
  await access(join(home, 'identity.json'))
})

test('a restore that fails, before it writes or half-way, leaves no home', async () => {
  const file = await backupWith('config.yaml', 'nonsense: true\n')
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

import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { initHome } from '../../../src/node/home/init-home.ts'
import { readIdentity } from '../../../src/node/identity/identity-file.ts'
import { startNode } from '../../../src/node/start-node.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

test.each(['company', 'mirror', 'publisher'] as const)(
  'writes configuration and keys of a %s, and exports its recovery key',
  async profile => {
    const home = await temporaryFolder()
    const made = (await initHome(home, profile)) as Record<string, string | string[]>
    expect(await readFile(join(home, 'config.yaml'), 'utf8')).toContain(profile)
    expect(made.routes).toEqual(profile === 'company' ? ['npm:* → upstream/npmjs', '* → allowed'] : ['* → allowed'])
    const recoveryFile = join(home, 'recovery-key.json')
    expect((await stat(recoveryFile)).mode & 0o777).toBe(0o600)
    expect((await stat(join(home, 'identity.json'))).mode & 0o777).toBe(0o600)
    const identity = await readIdentity(home)
    expect(identity).toMatchObject({ recoveryExported: true, restored: null })
    expect(JSON.parse(await readFile(recoveryFile, 'utf8'))).toEqual({
      publisher: made.publisher,
      kind: 'hanse-recovery-key-v1',
      recoveryKey: Buffer.from(identity!.recovery.seed).toString('hex'),
    })
  },
)

test('touches nothing in a home that has keys', async () => {
  const home = await temporaryFolder()
  await initHome(home, 'publisher')
  const before = await readFile(join(home, 'identity.json'), 'utf8')
  await expect(initHome(home, 'company')).rejects.toMatchObject({ code: 'E_HOME_EXISTS' })
  expect(await readFile(join(home, 'identity.json'), 'utf8')).toBe(before)
})

test('makes a home whose node has the same publisher and says that its recovery key is exported', async () => {
  const home = await temporaryFolder()
  const made = (await initHome(home, 'company')) as { publisher: string }
  await using node = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off' })
  expect(node.ready.publisher).toBe(made.publisher)
  const { token } = JSON.parse(await readFile(join(home, 'run.json'), 'utf8')) as { token: string }
  const answer = await fetch(new URL('/api/status', node.ready.http), { headers: { authorization: `Bearer ${token}` } })
  expect(await answer.json()).toMatchObject({ publisher: made.publisher, recovery: 'exported' })
})

test('names the publisher of the network that a variable or a config.yaml of its own says', async () => {
  const env = { HANSE_NETWORK_ID: 'acme' }
  const home = await temporaryFolder()
  const made = (await initHome(home, 'publisher', env)) as { publisher: string }
  {
    await using node = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off', env })
    expect(node.ready.publisher).toBe(made.publisher)
  }
  const written = await temporaryFolder()
  await writeFile(join(written, 'config.yaml'), 'network:\n  mode: off\n  id: acme\n')
  const other = (await initHome(written, 'publisher')) as { publisher: string }
  await using node = await startNode({ home: written, http: { host: '127.0.0.1', port: 0 } })
  expect(node.ready.publisher).toBe(other.publisher)
})

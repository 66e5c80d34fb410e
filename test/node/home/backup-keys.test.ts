import { access, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readEnvironment } from '../../../src/cli/environment.ts'
import { runCli } from '../../../src/cli/run-cli.ts'
import { createIdentity, readIdentity, saveIdentity } from '../../../src/node/identity/identity-file.ts'
import { startNode } from '../../../src/node/start-node.ts'
import { openKeys, sealKeys } from '../../../src/node/use-cases/backup.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const keys = {
  root: new Uint8Array(32).fill(1),
  recovery: new Uint8Array(32).fill(2),
  salt: new Uint8Array(16),
  createdAt: 7,
}

/** A command in this process; its output goes where the test's own goes. */
const cli = (home: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  runCli([...args, '--home', home, '--json'], readEnvironment(env), new AbortController().signal)

test('opens sealed keys with the passphrase they were sealed under and no other', () => {
  const sealed = sealKeys(keys, 'harbour')
  expect(openKeys(sealed, ['stale', 'harbour'])).toEqual(keys)
  for (const wrong of [[], ['Harbour']])
    expect(() => openKeys(sealed, wrong)).toThrow(expect.objectContaining({ code: 'E_BACKUP' }))
  sealed[sealed.length - 1]! ^= 1
  expect(() => openKeys(sealed, ['harbour'])).toThrow(expect.objectContaining({ code: 'E_BACKUP' }))
})

test('never writes a root or recovery key in the clear, and restores with FILE.key or a passphrase alone', async () => {
  const home = await temporaryFolder()
  const file = join(await temporaryFolder(), 'b')
  const passphrase = { HANSE_BACKUP_PASSPHRASE: 'harbour' }
  {
    await using _node = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off' })
    expect(await cli(home, ['backup', file])).toBe(0)
    const key = await readFile(`${file}.key`, 'utf8')
    const first = await readFile(file)
    for (const env of [{}, passphrase]) expect(await cli(home, ['backup', file], env)).toBe(1)
    expect(await readFile(file)).toEqual(first)
    expect(await readFile(`${file}.key`, 'utf8')).toBe(key)
    expect(await cli(home, ['backup', `${file}2`], passphrase)).toBe(0)
    await expect(access(`${file}2.key`)).rejects.toMatchObject({ code: 'ENOENT' })
  }
  const identity = (await readIdentity(home))!
  const secrets = [identity.root, identity.recovery, identity.writers.public, identity.writers.private, identity.node]
  for (const path of [file, `${file}2`]) {
    const text = gunzipSync(await readFile(path)).toString()
    const decoded = [...text.matchAll(/"([A-Za-z0-9+/=]{8,})"/g)].map(([, part]) =>
      Buffer.from(part!, 'base64').toString('latin1'),
    )
    for (const { seed } of secrets) {
      const forms = [
        Buffer.from(seed).toString('hex'),
        Buffer.from(seed).toString('base64'),
        Buffer.from(seed).toString('latin1'),
      ]
      for (const form of forms) expect([text, ...decoded].some(part => part.includes(form))).toBe(false)
    }
  }

  const restored = await temporaryFolder()
  await rename(`${file}.key`, `${file}.away`)
  expect(await cli(restored, ['restore', file])).toBe(5)
  expect(await readIdentity(restored)).toBeNull()
  await rename(`${file}.away`, `${file}.key`)
  expect(await cli(restored, ['restore', file])).toBe(0)
  const other = (await readIdentity(restored))!
  expect(other.restored).toBe('awaits-peers')
  expect(other.root.seed).toEqual(identity.root.seed)
  const changed = [other.node, other.writers.public, other.writers.private].map(({ seed }) =>
    Buffer.from(seed).toString('hex'),
  )
  for (const { seed } of secrets) expect(changed).not.toContain(Buffer.from(seed).toString('hex'))
  expect(await cli(restored, ['restore', file])).toBe(1)
  expect(await cli(restored, ['restore', file, '--offline'])).toBe(0)
  expect(await readIdentity(restored)).toMatchObject({ restored: 'offline' })
  expect(await cli(await temporaryFolder(), ['restore', `${file}2`, '--offline'], passphrase)).toBe(0)
  expect(await cli(await temporaryFolder(), ['restore', `${file}2`], { HANSE_BACKUP_PASSPHRASE: 'wrong' })).toBe(5)
})

test('reads an identity file of version 1 and writes version 2', async () => {
  const home = await temporaryFolder()
  await saveIdentity(home, createIdentity(5))
  const path = join(home, 'identity.json')
  const { restored: _, ...old } = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  expect(old.version).toBe(2)
  await writeFile(path, JSON.stringify({ ...old, version: 1 }))
  expect(await readIdentity(home)).toMatchObject({ restored: null, createdAt: 5 })
})

test('an identity file of a newer program is said to be that, not to be broken', async () => {
  const home = await temporaryFolder()
  await saveIdentity(home, createIdentity(5))
  const path = join(home, 'identity.json')
  const known = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  await writeFile(path, JSON.stringify({ ...known, version: 4, further: {} }))
  await expect(readIdentity(home)).rejects.toMatchObject({
    ...{ code: 'E_IDENTITY', message: expect.stringContaining('version 4, this program knows 3') },
    hint: expect.stringContaining('newer program'),
  })
})

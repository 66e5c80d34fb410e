import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { publishFile } from '../../../src/cli/publish-path.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { initHome, startNode } from '../../../src/node/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { startFakeRegistry } from '../upstream/fake-registry.ts'

const STRANGER = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

test('why answers with the code and the help that install ends with', async () => {
  const folder = await temporaryFolder()
  const home = join(folder, 'home')
  await initHome(home, 'company')
  await using node = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off' })
  const client = new ApiClient(node.ready.http, (await findRunFile(home))?.token)
  await writeFile(join(folder, 'chart.bin'), 'chart')
  await publishFile(client, join(folder, 'chart.bin'), { purl: 'generic:chart@7' })
  await client.call('POST', '/api/relations', {
    body: { action: 'allow', publisher: STRANGER, patterns: ['cargo:keel'] },
  })

  const why = (purl: string) => client.call('GET', '/api/why', { query: { purl } })
  for (const [purl, code] of [
    ['generic:unheard', 'E_NO_ROUTE'],
    ['generic:chart@8', 'E_NOT_FOUND'],
    ['cargo:keel', 'E_NOT_FOUND'],
  ] as const) {
    const installed = client.call<never>('POST', '/api/install', { body: { purl } })
    const refusal = await installed.catch((error: { message: string; hint?: string }) => error)
    expect(refusal, purl).toMatchObject({ code })
    const answer = { decision: 'deny', code, why: refusal.message, ...(refusal.hint ? { help: refusal.hint } : {}) }
    expect(await why(purl), purl).toMatchObject(answer)
  }
  expect(await why('generic:chart')).toMatchObject({ decision: 'allow', version: '7' })
  expect(await why('generic:chart')).not.toHaveProperty('code')
})

test('why of an upstream’s name asks the upstream and judges what a client would get', async () => {
  await using registry = await startFakeRegistry()
  const old = { time: '2020-01-01T00:00:00.000Z' }
  await registry.publish('sea-mast-rig', '1.0.0', { ...old, manifest: { license: 'MIT' } })
  await registry.publish('sea-mast-rig', '1.1.0', { ...old, manifest: { license: 'GPL-3.0-only', gypfile: true } })
  const home = join(await temporaryFolder(), 'home')
  await initHome(home, 'company')
  const upstreams = `\nupstreams:\n  npmjs: { ecosystem: npm, url: "${registry.url}", trustTime: true }\n`
  await writeFile(join(home, 'config.yaml'), (await readFile(join(home, 'config.yaml'), 'utf8')) + upstreams)
  const policy = ['version: 1', 'mode: dry-run', 'licence:', '  deny: ["GPL-*"]', 'installScripts: {}']
  await writeFile(join(home, 'policy.yaml'), policy.join('\n'))
  await using node = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off' })
  const client = new ApiClient(node.ready.http, (await findRunFile(home))?.token)
  const why = (purl: string) => client.call('GET', '/api/why', { query: { purl } })

  const dry = {
    ...{ version: '1.1.0', decision: 'allow', mode: 'dry-run', instead: '1.0.0', until: null },
    reasons: [
      { rule: 'licence', line: 3, message: 'licence GPL-3.0-only is not allowed' },
      { rule: 'installScripts', line: 5, message: expect.stringContaining('binding.gyp') },
    ],
  }
  expect(await why('npm:sea-mast-rig')).toMatchObject(dry)
  expect(await why('npm:sea-mast-rig@1.1.0')).toMatchObject({ why: expect.stringContaining('in dry-run') })
  await client.call('POST', '/api/policy/enforce', { body: { yes: true } })
  expect(await why('npm:sea-mast-rig@latest')).toMatchObject({
    ...{ ...dry, decision: 'deny', mode: 'enforce', code: 'E_POLICY_DENIED' },
    why: 'npm:sea-mast-rig@1.1.0 is denied (licence): licence GPL-3.0-only is not allowed',
  })
  expect(await why('npm:sea-mast-rig@1.0.0')).toMatchObject({ decision: 'allow', reasons: [], instead: null })
  expect(await why('npm:sea-mast-rig@^7')).toMatchObject({ decision: 'deny', code: 'E_NOT_FOUND', version: null })
  await expect(why('npm:never-heard-of')).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
})

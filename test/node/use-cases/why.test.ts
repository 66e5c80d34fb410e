import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { publishFile } from '../../../src/cli/publish-path.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { initHome, startNode } from '../../../src/node/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

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
    ['npm:express', 'E_NO_ROUTE'],
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

import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ApiClient } from '../../src/cli/api-client.ts'
import { exportVerdaccio } from '../../src/cli/verdaccio/export-storage.ts'
import { temporaryFolder } from '../temporary-folder.ts'

/** What a hostile node lists, and the packument that it gives for anything. */
async function exportOf(name: string, version: string): Promise<{ readonly code: unknown; readonly made: string[] }> {
  const packument = { name, versions: { [version]: { dist: {} } }, 'dist-tags': {} }
  const server = createServer(({ url = '' }, response) => {
    const isJson = !url.endsWith('.tgz')
    const answer = url.startsWith('/api/packages') ? [{ name, versions: [version] }] : packument
    response.end(isJson ? JSON.stringify(answer) : 'bytes')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const outside = await temporaryFolder()
  const node = new ApiClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const choice = { progress: () => {}, signal: new AbortController().signal }
  const done = exportVerdaccio(node, join(outside, 'storage'), choice)
  const code = await done.then(
    () => null,
    error => (error as { code?: unknown }).code,
  )
  server.close()
  server.closeAllConnections()
  return { code, made: await readdir(outside) }
}

test.each([
  ['../evil', '1.0.0'],
  ['@acme/../../evil', '1.0.0'],
  ['..', '1.0.0'],
  ['/tmp/evil', '1.0.0'],
  ['evil\\x', '1.0.0'],
  ['hull', '../../../evil'],
  ['hull', '1/../../../evil'],
])('a node that calls a package %j or a version %j writes nothing outside the folder', async (name, version) => {
  expect(await exportOf(name, version)).toEqual({ code: 'E_BAD_ANSWER', made: ['storage'] })
})

test('an ordinary name is written', async () => {
  expect(await exportOf('@acme/hull', '1.0.0-rc.1+b')).toEqual({ code: null, made: ['storage'] })
})

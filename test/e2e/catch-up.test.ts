import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { GatedLink } from './gated-link.ts'
import { eventually, NodeProcess } from './hanse-process.ts'
import { npmTarball } from './npm-package.ts'

const HOUR_MS = 60 * 60_000

/** Asks the node over HTTP: the request is there before any later one of the CLI. */
async function install(node: NodeProcess, purl: string): Promise<string> {
  const headers = { authorization: `Bearer ${await node.token()}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ purl })
  return await (await fetch(`${node.ready.http}/api/install`, { method: 'POST', headers, body })).text()
}

it('what was released while a node was away is what its first install after the start gives', async () => {
  await using publisher = await NodeProcess.start()
  const first = await npmTarball({ name: 'gangway', version: '1.0.0', description: 'with a hole' })
  await publisher.run('publish', first.path, '--public')
  const [, port = ''] = /tcp\/(\d+)/.exec(publisher.address) ?? []
  await using link = await GatedLink.to(Number(port))
  await using node = await NodeProcess.empty(['--bootstrap', publisher.address.replace(port, String(link.port))])
  await writeFile(join(node.home, 'config.yaml'), 'network: { catchUpMs: 60000 }\n')
  await node.restart()
  await node.run('allow', publisher.ready.publisher, 'npm:gangway')
  await eventually(
    () => node.run('install', 'npm:gangway'),
    ({ purl }) => String(purl).includes('1.0.0'),
  )
  await node.end('SIGTERM')
  const second = await npmTarball({ name: 'gangway', version: '1.0.1', description: 'mended' })
  await publisher.run('publish', second.path, '--public')
  const then = new Date(Date.now() - HOUR_MS)
  await utimes(join(node.home, 'state', 'last-there'), then, then)
  link.close()
  await node.restart()
  const installed = install(node, 'npm:gangway')
  expect((await node.run('status')).freshness).toBe('catching up')
  link.open()
  expect(await installed).toContain('1.0.1')
  expect((await node.run('status')).freshness).toBe('heard peers since the start')
}, 120_000)

it('a node that was away and whose peers are gone serves what it has, and says so', async () => {
  const publisher = await NodeProcess.start()
  await using _publisher = publisher
  await using node = await NodeProcess.start(['--bootstrap', publisher.address])
  const tarball = await npmTarball({ name: 'gangway', version: '1.0.0', description: 'as it is' })
  await publisher.run('publish', tarball.path, '--public')
  await node.run('allow', publisher.ready.publisher, 'npm:gangway')
  await eventually(
    () => node.try('install', 'npm:gangway'),
    ({ code }) => code === 0,
  )
  await node.end('SIGTERM')
  await publisher.end('SIGTERM')
  const then = new Date(Date.now() - HOUR_MS)
  await utimes(join(node.home, 'state', 'last-there'), then, then)
  await node.restart()
  expect((await node.run('status')).freshness).toBe('catching up')
  expect(JSON.stringify(await node.run('install', 'npm:gangway'))).toContain('1.0.0')
  expect((await node.run('status')).freshness).toBe('unknown: no peer was heard since the start')
}, 120_000)

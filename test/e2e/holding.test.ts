import { expect, it } from 'vitest'
import { eventually, NodeProcess } from './hanse-process.ts'
import { npmTarball } from './npm-package.ts'

it('a node that chose a mirror while its network was off signs it once it has a peer', async () => {
  await using publisher = await NodeProcess.start()
  await using mirror = await NodeProcess.start()
  await publisher.run('publish', (await npmTarball({ name: 'lantern', version: '1.0.0' })).path, '--public')
  await publisher.run('follow', mirror.ready.publisher)
  await mirror.end('SIGTERM')
  await mirror.restart(['--network', 'off'])
  await mirror.run('mirror', publisher.ready.publisher)
  const peer = mirror.ready.peerId
  const digestAt = async (node: NodeProcess) => {
    const rows = (await node.try('publishers')).json as unknown as { id: string; digest: string }[]
    return rows.find(({ id }) => id === mirror.ready.publisher)?.digest
  }
  const before = await digestAt(mirror)
  await mirror.end('SIGTERM')
  await mirror.restart(['--bootstrap', publisher.address])
  const signed = await eventually(
    () => digestAt(mirror),
    digest => digest !== before,
  )
  await eventually(
    () => digestAt(publisher),
    digest => digest === signed,
  )
  await mirror.end('SIGKILL')
  expect(JSON.stringify(await publisher.run('info', 'npm:lantern'))).toContain(peer)
}, 120_000)

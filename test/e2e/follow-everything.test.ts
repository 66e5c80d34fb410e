import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { errorOf, eventually, NodeProcess } from './hanse-process.ts'
import { npmTarball } from './npm-package.ts'

interface Line {
  readonly id: string
  readonly relation: string
  readonly releases: number
  readonly spent?: { readonly setting: string; readonly until: string }
}

const publishersOf = async (node: NodeProcess) => (await node.run('publishers')) as unknown as readonly Line[]

it('a node that follows everything finds what is public of publishers it never heard of, installs nothing of it, and forgets it again', async () => {
  await using publisher = await NodeProcess.start()
  const early = await npmTarball({ name: 'bowsprit', version: '1.0.0', description: 'seen in a list' })
  const secret = await npmTarball({ name: 'bilge', version: '1.0.0', description: 'not for anybody' })
  await publisher.run('publish', early.path, '--public')
  await publisher.run('publish', secret.path)
  await using quiet = await NodeProcess.start(['--bootstrap', publisher.address])
  const hidden = await npmTarball({ name: 'ballast', version: '1.0.0', description: 'private too' })
  await quiet.run('publish', hidden.path)
  await using node = await NodeProcess.start(['--bootstrap', publisher.address, '--bootstrap', quiet.address])
  await node.run('follow', '*')
  await eventually(
    () => node.run('search', 'bowsprit', '--local'),
    ({ hits }) => (hits as unknown[]).length === 1,
  )
  expect((await publishersOf(node)).map(({ id, relation }) => [id, relation])).toEqual(
    expect.arrayContaining([[publisher.ready.publisher, 'unknown']]),
  )
  expect((await publishersOf(node)).map(({ id }) => id)).not.toContain(quiet.ready.publisher)
  expect(errorOf(await node.try('install', 'npm:bowsprit'))[1]).toBe('E_NO_ROUTE')
  expect((await node.run('status')).follows).toMatch(/^everything: 1 unknown publisher, \d+ bytes$/)

  const late = await npmTarball({ name: 'mizzen', version: '1.0.0', description: 'heard of at once' })
  await quiet.run('publish', late.path, '--public')
  await eventually(
    () => node.run('search', 'mizzen', '--local'),
    ({ hits }) => (hits as unknown[]).length === 1,
  )

  await node.run('follow', publisher.ready.publisher, '--as', 'chosen')
  await node.run('unfollow', '*')
  await eventually(
    () => node.run('search', 'mizzen', '--local'),
    ({ hits }) => (hits as unknown[]).length === 0,
  )
  expect(((await node.run('search', 'bowsprit', '--local')).hits as unknown[]).length).toBe(1)
  await node.end('SIGTERM')
  await node.restart()
  expect((await publishersOf(node)).map(({ id }) => id)).not.toContain(quiet.ready.publisher)
}, 180_000)

it('whose quota is spent is said wherever its records are missing, until somebody follows it', async () => {
  await using publisher = await NodeProcess.start()
  for (let n = 1; n <= 6; n++) {
    const { path } = await npmTarball({ name: 'spar', version: `1.0.${n}` })
    await publisher.run('publish', path, '--public')
  }
  await using node = await NodeProcess.empty(['--bootstrap', publisher.address])
  await writeFile(join(node.home, 'config.yaml'), 'follow: { recordsPerDay: 4 }\n')
  await node.restart()
  await node.run('follow', '*')
  const id = publisher.ready.publisher
  const row = (await eventually(
    async () => (await publishersOf(node)).find(each => each.id === id),
    found => found?.spent !== undefined,
  ))!
  expect(row).toMatchObject({ relation: 'unknown', spent: { setting: 'follow.recordsPerDay' } })
  expect(Date.parse(row.spent!.until)).toBeGreaterThan(Date.now())
  const shown = await node.run('federation', id)
  expect(shown.publishers).toMatchObject([{ relation: 'unknown', spent: row.spent }])
  expect((await node.run('status')).follows).toMatch(/; 1 with a spent quota/)
  const metrics = async () => await (await fetch(new URL('/metrics', node.ready.http))).text()
  expect(await metrics()).toMatch(/^hanse_unknown_publishers 1$/m)
  expect(await metrics()).toMatch(/^hanse_unknown_publishers_spent 1$/m)
  await node.run('follow', id)
  const followed = await eventually(
    async () => (await publishersOf(node)).find(each => each.id === id),
    found => found?.releases === 6,
  )
  expect(followed).not.toHaveProperty('spent')
  await eventually(metrics, text => /^hanse_unknown_publishers_spent 0$/m.test(text))
}, 120_000)

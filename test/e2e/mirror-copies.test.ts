import { expect, it } from 'vitest'
import { eventually, NodeProcess } from './hanse-process.ts'
import { npmTarball } from './npm-package.ts'

/** A node looks 10 s after its start and after news, signs 10 s after it has a copy, and waits a round of 1 min for others. */
const PATIENCE_MS = 120_000

interface Info {
  readonly publishers: readonly {
    readonly replication: { readonly copies: number; readonly wanted: number | null } | null
  }[]
}

async function copiesAt(node: NodeProcess) {
  const info = (await node.run('info', 'npm:lantern')) as unknown as Info
  return info.publishers[0]?.replication ?? null
}

/** Two mirrors that have not heard of each other's choice yet may both take what is missing. */
const isEnough = (replication: Awaited<ReturnType<typeof copiesAt>>) => (replication?.copies ?? 0) >= 2

/** Artifacts held. */
const heldBy = async (node: NodeProcess) => (await node.run('status')).artifacts as number

const isStated = (copies: number) => (replication: Awaited<ReturnType<typeof copiesAt>>) =>
  replication?.copies === copies

it('mirrors keep the wanted number of copies, and another takes over when one is gone for good', async () => {
  await using publisher = await NodeProcess.start()
  await using first = await NodeProcess.start(['--bootstrap', publisher.address])
  await using second = await NodeProcess.start(['--bootstrap', publisher.address, '--bootstrap', first.address])
  await using third = await NodeProcess.start(['--bootstrap', publisher.address, '--bootstrap', first.address])
  const mirrors = [first, second, third]
  await publisher.run('publish', (await npmTarball({ name: 'lantern', version: '1.0.0' })).path, '--public')
  for (const one of mirrors)
    for (const other of mirrors) if (one !== other) await one.run('follow', other.ready.publisher)
  for (const { ready } of mirrors) await publisher.run('follow', ready.publisher)
  const id = publisher.ready.publisher
  for (const node of mirrors) await node.run('follow', id)

  expect(await first.run('mirror', id, '--copies', '2')).toMatchObject({ relation: 'mirror', copies: 2 })
  // The publisher's copy and this one; told by what it signed.
  for (const node of [publisher, second, third]) await eventually(() => copiesAt(node), isStated(2), PATIENCE_MS)
  expect(await heldBy(first)).toBe(1)

  for (const node of [second, third]) await node.run('mirror', id, '--copies', '2')
  expect(await copiesAt(second)).toMatchObject({ copies: 2, wanted: 2 })
  const dead = first.ready.publisher
  await first.end('SIGKILL')
  expect([await heldBy(second), await heldBy(third)]).toEqual([0, 0])

  // Whoever hears the dead mirror no more knows of one copy alone.
  for (const node of [publisher, second, third]) await node.run('block', dead)
  await eventually(
    async () => (await heldBy(second)) + (await heldBy(third)),
    count => count > 0,
    PATIENCE_MS,
  )
  for (const node of [publisher, second, third]) await eventually(() => copiesAt(node), isEnough, PATIENCE_MS)
  const metrics = await (await fetch(new URL('/metrics', second.ready.http))).text()
  expect(metrics).toContain('hanse_packages_short 0')
}, 400_000)

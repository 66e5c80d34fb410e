import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { errorOf, eventually, NodeProcess } from './hanse-process.ts'
import { npmTarball } from './npm-package.ts'

interface Joined {
  readonly authority?: string
  readonly bootstrap?: readonly string[]
}

/** A node of the private network `site`, before its first start. */
async function nodeOf({ authority, bootstrap = [] }: Joined): Promise<NodeProcess> {
  const node = await NodeProcess.empty(bootstrap.flatMap(each => ['--bootstrap', each]))
  const network = ['mode: private', 'id: site', ...(authority === undefined ? [] : [`authority: ${authority}`])]
  await writeFile(join(node.home, 'config.yaml'), `network:\n${network.map(line => `  ${line}\n`).join('')}`)
  return node
}

const peersOf = async (node: NodeProcess): Promise<readonly string[]> => {
  const peers = (await node.run('peer', 'list')) as unknown as readonly { id: string; state: string }[]
  return peers.filter(({ state }) => state === 'connected').map(({ id }) => id)
}
const connected = async (node: NodeProcess, other: NodeProcess) =>
  await eventually(
    () => peersOf(node),
    peers => peers.includes(other.ready.peerId),
    120_000,
  )

it('who the authority names is let in by every member, and nobody else', async () => {
  await using authority = await nodeOf({})
  await authority.restart()
  const id = authority.ready.publisher
  await writeFile(
    join(authority.home, 'config.yaml'),
    (await readFile(join(authority.home, 'config.yaml'), 'utf8')).replace('id: site', `id: site\n  authority: ${id}`),
  )
  await authority.end('SIGTERM')
  await authority.restart()
  await using first = await nodeOf({ authority: id, bootstrap: [authority.address] })
  await first.restart()
  expect(await peersOf(first)).toEqual([])
  await authority.run('member', 'add', first.ready.peerId, '--as', 'first')
  await connected(first, authority)
  const listed = await eventually(
    async () => (await first.run('member', 'list')) as unknown as readonly { peer: string; state: string }[],
    members => members.length === 2,
  )
  expect(listed.map(({ peer, state }) => [peer, state])).toEqual([
    [authority.ready.peerId, 'member'],
    [first.ready.peerId, 'member'],
  ])
  expect(errorOf(await first.try('member', 'add', authority.ready.peerId))[1]).toBe('E_FORBIDDEN')

  expect(errorOf(await authority.try('member', 'remove', authority.ready.peerId))[1]).toBe('E_USAGE')
  expect(errorOf(await authority.try('member', 'add', first.ready.peerId, '--as', 'a\u0007'))[1]).toBe('E_USAGE')

  // A newcomer that knows a member alone: what the authority signs reaches that member first.
  await using second = await nodeOf({ authority: id, bootstrap: [first.address] })
  await second.restart()
  expect(await peersOf(second)).toEqual([])
  await authority.run('member', 'add', second.ready.peerId)
  await connected(second, first)
  const { path } = await npmTarball({ name: 'sextant', version: '1.0.0' })
  await authority.run('publish', path, '--public')
  await eventually(
    () => second.try('search', 'sextant'),
    ({ stdout }) => stdout.includes('pkg:npm/sextant'),
  )

  // A stranger that was told the address, the network id and the authority.
  await using stranger = await nodeOf({ authority: id, bootstrap: [authority.address, first.address] })
  await stranger.restart()
  await authority.run('member', 'remove', second.ready.peerId)
  await eventually(
    () => peersOf(first),
    peers => !peers.includes(second.ready.peerId),
  )
  const strangerSees = await stranger.run('publishers')
  expect(JSON.stringify(strangerSees)).not.toContain(id)
  expect(await peersOf(authority)).toEqual([first.ready.peerId])
  expect(await peersOf(first)).toEqual([authority.ready.peerId])
}, 300_000)

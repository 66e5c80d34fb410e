import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startNode } from '../../../src/node/index.ts'
import { sharingNoticeOf } from '../../../src/node/sharing/sharing-notice.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

test('names the host of what is shared, and of nothing else', () => {
  const upstreams = [
    { name: 'npmjs', url: 'https://nexus.acme.example:8443/repository/npm/' },
    { name: 'inside', url: 'https://inside.acme.example/' },
    { name: 'unknown', url: null },
  ]
  const notice = sharingNoticeOf(upstreams, name => name !== 'inside')
  expect(notice).toContain(
    'from upstream/npmjs (nexus.acme.example:8443), upstream/unknown (at an address not known yet), and gets them',
  )
  expect(notice).toContain('nothing of upstream/inside;')
  expect(notice).not.toContain('inside.acme')
})

test('a start that shares says which registry npm of this machine uses, and hanse status says it to administrators', async () => {
  const home = await temporaryFolder()
  const variables = { npm_config_registry: 'http://nexus.acme.example:4873/npm/' }
  const network = { network: 'private', listen: ['/ip4/127.0.0.1/tcp/0'] } as const
  const http = { host: '127.0.0.1', port: 0 }
  await using node = await startNode({ home, variables, http, ...network, shareUpstreams: true })
  expect(node.sharing).toContain('upstream/npmjs (nexus.acme.example:4873)')
  const { token } = JSON.parse(await readFile(join(home, 'run.json'), 'utf8')) as { token: string }
  const status = async (headers: Record<string, string>) =>
    (await (await fetch(new URL('/api/status', node.ready.http), { headers })).json()) as { sharing?: string }
  expect((await status({ authorization: `Bearer ${token}` })).sharing).toBe(node.sharing)
  expect(await status({})).not.toHaveProperty('sharing')
})

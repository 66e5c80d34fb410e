import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { noticesOf } from '../../src/cli/commands/start.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test('a first start tells people where its home is, that the recovery key lies there alone, and what to type next', async () => {
  const home = join(await temporaryFolder(), 'home')
  const flags = ['--home', home, '--http', '127.0.0.1:0', '--network', 'off']
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/cli/main.ts'), 'start', ...flags], {
    env: { PATH: process.env.PATH, HOME: '/nonexistent' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (line.includes('hanse peer add')) child.kill('SIGTERM')
  }
  expect(await closed).toEqual([0, null])
  expect(lines[0]).toBe(`home       ${home}`)
  expect(lines.filter(line => line.startsWith('note: '))).toEqual([
    `note: the recovery key is in this home alone; hanse key export --to FILE --home ${home}`,
  ])
  expect(lines.find(line => line.startsWith('next'))).toContain(`hanse publish DIR --public --home ${home}`)
})

test('a node that other machines can reach says so, one on loopback does not', () => {
  const open = expect.stringContaining('other machines can connect')
  for (const address of [
    '/ip4/192.0.2.1/tcp/7701/p2p/x',
    '/ip6/2001:db8::1/tcp/1/p2p/x',
    '/dns4/a.example/tcp/1/p2p/x',
  ])
    expect(noticesOf(['/ip4/127.0.0.1/tcp/7701/p2p/x', address], true, '/h')).toEqual([open])
  expect(noticesOf(['/ip4/127.0.0.1/tcp/7701/p2p/x', '/ip6/::1/tcp/1/p2p/x'], true, '/h')).toEqual([])
  expect(noticesOf([], false, '/with space')).toEqual([expect.stringContaining(`--home '/with space'`)])
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { openLevelDatabase } from '../../../src/node/storage/open-level-database.ts'
import { RecordStore } from '../../../src/node/storage/record-store.ts'
import type { RecordId } from '../../../src/protocol/index.ts'
import { forgePublisher } from '../../federation/sync/forge.ts'
import { scopedFolder } from './temporary-home.ts'

for (const acknowledged of [1, 60, 333])
  test(`a process killed after ${acknowledged} acknowledged records keeps every one of them, without a gap`, async () => {
    await using folder = await scopedFolder()
    const child = spawn(process.execPath, [new URL('./append-forever.ts', import.meta.url).pathname, folder.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let printed = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      printed += text
      if (printed.split('\n').length > acknowledged) child.kill('SIGKILL')
    })
    await once(child, 'close')
    const ids = printed.split('\n').slice(0, -1) as RecordId[]
    await using database = await openLevelDatabase(folder.path)
    const store = new RecordStore(database)
    for (const id of ids) expect(await store.envelope(id)).not.toBeNull()
    const { publisher, feed } = forgePublisher('acme')
    const head = (await store.head(publisher, feed))!
    expect(head.seq).toBeGreaterThanOrEqual(ids.length)
    expect((await store.range(publisher, feed, { from: 1, limit: 1e6, maxBytes: 1e9 })).length).toBe(head.seq)
    expect((await store.counts()).records).toBe(head.seq)
  })

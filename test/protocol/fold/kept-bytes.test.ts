import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { CatalogueFold, type WellFormedRecord } from '../../../src/protocol/index.ts'
import { delegateBody, PUBLISHER, release, rootFeed, writerFeed } from './universe.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

test('the fold keeps no bytes of a record, nor the buffer that they came in', async () => {
  const fold = new CatalogueFold()
  const refs = foldWithBytes(fold)
  for (let i = 0; i < 5 && refs.some(ref => ref.deref() !== undefined); i++) {
    await setImmediate()
    collect()
  }
  expect(refs.map(ref => ref.deref())).toEqual(refs.map(() => undefined))
  expect(fold.publisher(PUBLISHER)?.packages.size).toBe(2)
})

function foldWithBytes(fold: CatalogueFold): WeakRef<ArrayBufferLike>[] {
  const records = [
    ...rootFeed(delegateBody('a')),
    ...writerFeed('a', release('pkg:npm/x@1.0.0'), release('pkg:npm/y@1.0.0')),
  ]
  const withBytes: WellFormedRecord[] = records.map(each => ({ ...each, envelope: new Uint8Array(1_000) }))
  fold.add(withBytes)
  return withBytes.map(({ envelope }) => new WeakRef(envelope.buffer))
}

import { expect, test } from 'vitest'
import { HolderRecord } from '../../../src/node/library/holder-record.ts'
import type { NodeContext } from '../../../src/node/node-context.ts'
import { showFederation } from '../../../src/node/use-cases/federation.ts'
import { NET } from '../../federation/search/signed-hits.ts'
import { idOf, nodeAmong, releasingMany, sailOf } from './holder-world.ts'

test('the copies of the first thousand packages are counted, and how many that were is said', async () => {
  await using it = await nodeAmong(releasingMany(1, await sailOf(), 1_001))
  const node = {
    ...it.node,
    ...{ net: NET, config: { network: { mode: 'public' } }, artifacts: { has: async () => true } },
    ...{ holders: new HolderRecord(Date.now()), confirmed: () => ({ ageMs: null, isMissing: false }) },
  } as unknown as NodeContext
  const { publishers } = (await showFederation(node, idOf(1))) as unknown as { publishers: readonly object[] }
  expect(publishers).toMatchObject([{ packages: 1_001, counted: 1_000, spread: { 1: 1_000 } }])
})

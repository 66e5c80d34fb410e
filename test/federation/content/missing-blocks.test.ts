import { randomBytes } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { expect, test } from 'vitest'
import { contentHandler } from '../../../src/federation/content/content-server.ts'
import { CONTENT_ALLOWANCE, MISSING_BLOCK_BYTES } from '../../../src/federation/streams/limits.ts'
import { PeerBudgets } from '../../../src/federation/streams/peer-budgets.ts'
import { type BlockId, encodeContentRequest, type PeerId } from '../../../src/protocol/index.ts'
import { HandClock } from '../search/hand-clock.ts'

const PROTOCOL = '/content'
const { signal } = new AbortController()

test('who asks for blocks that nobody has is soon told busy, and others are not', async () => {
  const budgets = new PeerBudgets({ allowances: { [PROTOCOL]: CONTENT_ALLOWANCE }, clock: new HandClock() })
  let looked = 0
  const readBlock = async () => {
    looked++
    return null
  }
  const onMissing = (asker: PeerId) => void budgets.chargeBytes(asker, PROTOCOL, MISSING_BLOCK_BYTES)
  const answer = contentHandler({ readBlock }, () => true, onMissing)
  const [peer, other] = ['peer', 'other'] as [PeerId, PeerId]
  const nobodys = () => CID.createV1(0x55, create(0x12, randomBytes(32))).toString() as BlockId
  for (let asked = 0; asked < 10_000; asked++) {
    const payload = encodeContentRequest({ ask: 'blocks', cids: Array.from({ length: 16 }, nobodys) })
    if (budgets.chargeRequest(peer, PROTOCOL, payload.length) === 'busy') break
    for await (const _ of answer({ peer, payload, signal }));
  }
  expect(looked).toBeGreaterThan(250)
  expect(looked).toBeLessThan(500)
  expect(budgets.chargeRequest(other, PROTOCOL, 1)).toBe(0)
})

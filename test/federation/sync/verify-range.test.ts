import { expect, test } from 'vitest'
import { VERIFY_CHUNK } from '../../../src/federation/sync/limits.ts'
import { rangeVerifier } from '../../../src/federation/sync/verify-range.ts'
import { ProtocolError } from '../../../src/protocol/index.ts'
import { Publisher } from '../simulation/cast.ts'

const p = new Publisher('verify range')
const turn = () => new Promise(resolve => setImmediate(resolve))

test('a later part that is refused while an earlier one is still being verified is heard, and the node lives', async () => {
  const rejections: unknown[] = []
  const onRejection = (error: unknown) => rejections.push(error)
  process.on('unhandledRejection', onRejection)
  const first = Promise.withResolvers<void>()
  let batches = 0
  const verifySignatures = async () => {
    if (++batches === 1) return await first.promise
    throw new ProtocolError('E_SIGNATURE', 'signature not valid')
  }
  const envelopes = Array.from({ length: VERIFY_CHUNK + 1 }, () => p.genesis.envelope)
  const verdict = rangeVerifier({ net: 'main', verifySignatures })(envelopes).catch((error: unknown) => error)
  await turn()
  await turn()
  first.resolve()
  expect(await verdict).toMatchObject({ code: 'E_SIGNATURE' })
  await turn()
  process.off('unhandledRejection', onRejection)
  expect([batches, rejections]).toEqual([2, []])
})

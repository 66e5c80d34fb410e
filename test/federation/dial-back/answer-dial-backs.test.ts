import { expect, test } from 'vitest'
import { answerDialBacks } from '../../../src/federation/index.ts'
import { encodeDialBackRequest, type PeerId, parseDialBackAnswer } from '../../../src/protocol/index.ts'
import { settled, TestClock } from '../streams/duplex-pair.ts'

const PEER = 'peer' as PeerId

/** An answerer for whom addresses that begin with `own` belong to the asker, and `own-open` is reached. */
function world(isHanging = false) {
  const clock = new TestClock()
  const dialled: string[] = []
  const handler = answerDialBacks({
    targetOf: async address => (address.startsWith('own') ? address : null),
    dial: async (target, _peer, signal) => {
      dialled.push(target)
      if (isHanging) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      if (target !== 'own-open') throw new Error('refused')
      return true
    },
    clock,
  })
  const ask = async (...addresses: readonly string[]) => {
    const request = { peer: PEER, payload: encodeDialBackRequest(addresses), signal: new AbortController().signal }
    for await (const bytes of handler(request)) return parseDialBackAnswer(bytes)
    return null
  }
  return { clock, dialled, ask }
}

test('an asker is dialled at its own addresses, each once, and at no other', async () => {
  const { ask, dialled } = world()
  expect(await ask('own-open', 'own-shut', 'own-open', 'other')).toEqual({
    reached: ['own-open'],
    failed: ['own-shut'],
  })
  expect(dialled).toEqual(['own-open', 'own-shut'])
})

test('one asker is dialled at a time, and none for long', async () => {
  const { ask, clock, dialled } = world(true)
  const first = ask('own-open', 'own-shut')
  await settled()
  await expect(ask('own-open')).rejects.toMatchObject({ code: 'E_BUSY' })
  await clock.pass(10_000)
  expect(await first).toEqual({ reached: [], failed: ['own-open', 'own-shut'] })
  expect(dialled).toHaveLength(2)
})

test('many askers together get one dial-back in five seconds', async () => {
  const { ask, clock, dialled } = world()
  for (let n = 0; n < 200; n++) await ask('own-shut').catch(() => {})
  expect(dialled).toHaveLength(20)
  await clock.pass(60_000)
  for (let n = 0; n < 200; n++) await ask('own-shut').catch(() => {})
  expect(dialled).toHaveLength(32)
})

test('what is no request is refused without a dial', async () => {
  const { ask, dialled } = world()
  await expect(ask()).rejects.toMatchObject({ code: 'E_MESSAGE' })
  await expect(ask('own', 'own', 'own', 'own', 'own')).rejects.toMatchObject({ code: 'E_MESSAGE' })
  expect(dialled).toEqual([])
})

import { expect, test } from 'vitest'
import { DIAL_MS } from '../../../src/federation/dial-back/limits.ts'
import { answerDialBacks } from '../../../src/federation/index.ts'
import { encodeDialBackRequest, type PeerId, parseDialBackAnswer } from '../../../src/protocol/index.ts'
import { settled, TestClock } from '../streams/duplex-pair.ts'

const PEER = 'peer' as PeerId

/** An answerer for whom addresses that begin with `own` belong to the asker, and `own-open` is reached. */
function world(isHanging = false) {
  const clock = new TestClock()
  const dialled: string[] = []
  const found = Promise.withResolvers<string | null>()
  const handler = answerDialBacks({
    targetOf: async address => {
      if (address === 'slow-name') return await found.promise
      return address.startsWith('own') ? address : null
    },
    dial: async (target, _peer, signal) => {
      dialled.push(target)
      if (isHanging) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      if (target !== 'own-open') throw new Error('refused')
      return true
    },
    clock,
  })
  const leaving = new AbortController()
  const ask = async (...addresses: readonly string[]) => {
    const request = { peer: PEER, payload: encodeDialBackRequest(addresses), signal: leaving.signal }
    for await (const bytes of handler(request)) return parseDialBackAnswer(bytes)
    return null
  }
  return { clock, dialled, ask, found, leaving }
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

test('a name that takes long is not waited for, and until it is found no other is looked up', async () => {
  const { ask, clock, dialled, found } = world()
  const first = ask('own-open', 'slow-name', 'own-shut')
  await settled()
  await clock.pass(DIAL_MS)
  expect(await first).toEqual({ reached: ['own-open'], failed: [] })
  await expect(ask('own-open')).rejects.toMatchObject({ code: 'E_BUSY' })
  found.resolve('own-late')
  await settled()
  expect(await ask('own-shut')).toEqual({ reached: [], failed: ['own-shut'] })
  expect(dialled).toEqual(['own-open', 'own-shut'])
})

test('an asker that goes away while its name is looked up is dialled no more', async () => {
  const { ask, dialled, found, leaving } = world()
  const asked = ask('slow-name', 'own-open')
  await settled()
  leaving.abort(new Error('gone'))
  await expect(asked).rejects.toThrow('gone')
  found.resolve('own-late')
  await settled()
  expect(dialled).toEqual([])
})

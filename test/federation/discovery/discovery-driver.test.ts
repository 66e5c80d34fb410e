import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { DiscoveryDriver, type DiscoveryNetwork } from '../../../src/federation/discovery/driver.ts'
import { DHT_ASK_MS } from '../../../src/federation/discovery/limits.ts'
import type { PeerId, PublisherId } from '../../../src/protocol/index.ts'
import { HandClock } from '../search/hand-clock.ts'

const answerOf = (next: Promise<never>) => ({ [Symbol.asyncIterator]: () => ({ next: () => next }) })

test('what is asked of the DHT ends after a minute, however many silent peers an answer names', async () => {
  const clock = new HandClock()
  const begun: string[] = []
  const ended: string[] = []
  const untilAborted = async (what: string, signal: AbortSignal) => {
    begun.push(what)
    await once(signal, 'abort')
    ended.push(what)
    throw signal.reason
  }
  const network: DiscoveryNetwork = {
    dial: async () => {},
    hangUp: async () => {},
    onConnect: listener => {
      listener('p' as PeerId, 'outbound', '/ip4/192.0.2.1/tcp/1')
      return () => {}
    },
    onDisconnect: () => () => {},
    findProviders: (_, { signal }) => answerOf(untilAborted('look-up', signal)),
    walk: ({ signal }) => answerOf(untilAborted('walk', signal)),
    provide: async (_, { signal }) => await untilAborted('provide', signal),
  }
  const parts = { network, clock, random: () => 0.5, self: 'self' as PeerId, groupOf: () => null }
  await using driver = new DiscoveryDriver(parts)
  driver.serve(['followed' as PublisherId], ['own' as PublisherId])
  while (begun.length < 3) {
    clock.pass(1_000)
    await setImmediate()
  }
  clock.pass(DHT_ASK_MS - 1)
  await setImmediate()
  const before = [...ended]
  clock.pass(1)
  await setImmediate()
  expect([before.length < 3, new Set(ended)]).toEqual([true, new Set(begun)])
})

import { expect, test } from 'vitest'
import { LIST_TIMEOUT_MS } from '../../../src/node/unknown/limits.ts'
import { PublisherLists } from '../../../src/node/unknown/publisher-lists.ts'
import { encodePublishers, HEADS_SINCE_FEATURE, type PeerId, type PublisherId } from '../../../src/protocol/index.ts'
import { TestClock } from '../../federation/streams/duplex-pair.ts'

const [silent, honest] = ['silent', 'honest'] as [PeerId, PeerId]
const publisher = `bafyrei${'a'.repeat(52)}` as PublisherId

test('a peer that does not end its list holds up the others for a minute, no longer', async () => {
  const clock = new TestClock()
  const heard: PublisherId[] = []
  await using lists = new PublisherLists({
    client: {
      async *request(peer, _payload, { signal }) {
        if (peer === silent)
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        yield encodePublishers([publisher])
      },
      features: async () => new Set([HEADS_SINCE_FEATURE]),
    },
    clock,
    isOn: () => true,
    connectedPeers: () => [silent, honest],
    heard: ids => heard.push(...ids),
  })
  lists.readAll()
  await clock.pass(LIST_TIMEOUT_MS - 1)
  expect(heard).toEqual([])
  await clock.pass(1)
  expect(heard).toEqual([publisher])
})

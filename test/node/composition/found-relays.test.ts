import { expect, test } from 'vitest'
import { mayFindRelays } from '../../../src/node/composition/found-relays.ts'
import { configSchema } from '../../../src/node/config/schema.ts'

const RELAY = '/dns4/relay.example.org/tcp/443/p2p/12D3KooWA1aNdKrytqB2B2zTE25hhvDfSkEyTwwEst5ogLfwcLAK'

test.each([
  [{}, true],
  [{ findRelays: false }, false],
  [{ relays: [RELAY] }, false],
  [{ announce: ['/dns4/node.example.org/tcp/7701'] }, false],
])('with %j relays that nobody named are looked for: %s', (network, may) => {
  expect(mayFindRelays(configSchema.parse({ network }).network)).toBe(may)
})

import { expect, test } from 'vitest'
import { SharedRate } from '../../../src/federation/streams/shared-rate.ts'
import { TestClock } from './duplex-pair.ts'
import { type ALICE, allOf, BOB, PROTOCOL, text, twoNodes } from './two-nodes.ts'

const SLICE = 256 << 10
const COUNT = 24
const RATE = 1 << 20

async function* artifact() {
  for (let n = 0; n < COUNT; n++) yield new Uint8Array(SLICE)
}

const linkOf = (clock: TestClock) => new SharedRate({ bytesPerSecond: RATE, isBulk: () => true, clock })

test.each(['uplink', 'downlink'] as const)(
  'a capped %s makes a transfer take its time, and nobody is blamed',
  async link => {
    const clock = new TestClock()
    const { alice, offences } = twoNodes(artifact, { clock, [link]: linkOf(clock) })
    let ended: readonly Uint8Array[] | null = null
    const asked = allOf(alice.request(BOB, PROTOCOL, text('all'), { creditBytes: 2 << 20, minBytesPerSecond: 16_000 }))
    void asked.then(all => {
      ended = all
    })
    await clock.pass(4_000)
    expect(ended).toBeNull()
    await clock.pass(2_000)
    expect(ended).toHaveLength(COUNT)
    expect(offences).toEqual([])
  },
)

test('a link slower than an answer has to be is no fault of the peer', async () => {
  const clock = new TestClock()
  const downlink = new SharedRate({ bytesPerSecond: 10_000, isBulk: () => true, clock })
  const { alice } = twoNodes(artifact, { clock, downlink })
  const asked = allOf(alice.request(BOB, PROTOCOL, text('all'), { minBytesPerSecond: 16_000 }))
  await clock.pass((COUNT * SLICE) / 10)
  expect(await asked).toHaveLength(COUNT)
})

test('a request that comes while the uplink is crowded is told busy at once', async () => {
  const clock = new TestClock()
  const uplink = linkOf(clock)
  const { alice } = twoNodes(artifact, { clock, uplink })
  const live = new AbortController().signal
  for (let n = 0; n < 12; n++) void uplink.take(`peer${n}` as typeof ALICE, PROTOCOL, SLICE, live)
  await clock.pass(0)
  await expect(allOf(alice.request(BOB, PROTOCOL, text('all')))).rejects.toMatchObject({ code: 'E_BUSY' })
})

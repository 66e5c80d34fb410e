import { expect, test } from 'vitest'
import { metered } from '../../../src/node/network/metered-duplex.ts'
import type { PeerId } from '../../../src/protocol/index.ts'
import { duplexPair } from '../../federation/streams/duplex-pair.ts'

const PEER = 'peer' as PeerId

function counter() {
  const counted = { sent: 0, received: 0 }
  const meter = {
    sent(_: PeerId, bytes: number) {
      counted.sent += bytes
    },
    received(_: PeerId, bytes: number) {
      counted.received += bytes
    },
  }
  return { counted, meter }
}

test('bytes count once, sent whole, sent in parts, and received', async () => {
  const [here, there] = duplexPair()
  const { counted, meter } = counter()
  const inParts = { send: here.send.bind(here), onData: here.onData.bind(here), onClose: here.onClose.bind(here) }
  const duplex = metered(
    {
      ...inParts,
      sendParts: parts => here.send(Buffer.concat(parts)),
      close: () => here.close(),
      abort: error => here.abort(error),
    },
    PEER,
    meter,
  )
  const received = new Promise<Uint8Array>(resolve => duplex.onData(resolve))
  await duplex.send(Uint8Array.of(1, 2))
  await duplex.sendParts?.([Uint8Array.of(3), Uint8Array.of(4, 5, 6)])
  await there.send(Uint8Array.of(7, 8, 9))
  await received
  expect(counted).toEqual({ sent: 6, received: 3 })
})

test('a duplex that takes no parts is not said to', () => {
  const [here] = duplexPair()
  expect(metered(here, PEER, counter().meter).sendParts).toBeUndefined()
})

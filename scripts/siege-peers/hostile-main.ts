/** A process with one hostile peer, which floods a node and dials again under the same id when it is cut off. Ends with its parent. */
import { randomBytes } from 'node:crypto'
import { getPriority, setPriority } from 'node:os'
import { startBarePeer } from './bare-peer.ts'
import { FLOODS, type Target } from './floods.ts'

const REDIAL_MS = 1_000

// It stands for a machine of its own: what it uses must not be missing to the node and to honest peers.
setPriority(Math.min(19, getPriority() + 10))

process.on('disconnect', () => process.exit())
process.once('message', async ({ flood, target }: { flood: string; target: Target }) => {
  const seed = randomBytes(32)
  const { signal } = new AbortController()
  const began = performance.now()
  let sent = 0
  let droppedAfterMs: number | null = null
  let sentBefore: number | null = null
  setInterval(() => process.send!({ sent, droppedAfterMs, sentBefore }), 500)
  for (;;) {
    const peer = await startBarePeer(seed)
    const dropped = () => {
      droppedAfterMs ??= performance.now() - began
      sentBefore ??= sent
    }
    peer.addEventListener('connection:close', dropped)
    await FLOODS[flood]!(
      peer,
      target,
      (messages = 1) => {
        sent += messages
      },
      signal,
    ).catch(() => {})
    await peer.stop()
    await new Promise(resolve => setTimeout(resolve, REDIAL_MS))
  }
})

import { setTimeout as pause } from 'node:timers/promises'
import type { ApiClient } from './api-client.ts'
import { type TransferAnswer, TransferLine } from './transfer-line.ts'

/** How often the node is asked, ms: as often as a line can be read. */
const ASK_MS = 200

/** While `work` goes on, shows what comes of the package URL that the node was asked for; nothing of it is left then. */
export async function watchTransfer<T>(
  node: Pick<ApiClient, 'call'>,
  purl: string,
  live: (line: string | null) => void,
  work: () => Promise<T>,
): Promise<T> {
  const ended = new AbortController()
  // A node that cannot tell, such as an older one: the install itself says what is wrong.
  watch(node, purl, live, ended.signal).catch(() => {})
  try {
    return await work()
  } finally {
    ended.abort()
    live(null)
  }
}

async function watch(
  node: Pick<ApiClient, 'call'>,
  purl: string,
  live: (line: string | null) => void,
  ended: AbortSignal,
): Promise<void> {
  const line = new TransferLine()
  for (;;) {
    await pause(ASK_MS, undefined, { signal: ended })
    const transfers = await node.call<readonly TransferAnswer[]>('GET', '/api/transfers')
    if (ended.aborted) return
    const ours = transfers.find(({ asked }) => asked.includes(purl))
    if (ours !== undefined) live(line.told(ours))
  }
}

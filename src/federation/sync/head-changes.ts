import {
  type FeedHead,
  type PeerId,
  type PublisherId,
  type RecordId,
  ROOT_FEED,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import { HeadLog } from './head-log.ts'
import { MAX_WAITING_HEADS } from './limits.ts'

/** Who watches, and how long news may wait before it is told. */
export interface WatchOptions {
  /** Not told what it brought or named itself. */
  readonly peer?: PeerId
  readonly hold?: HoldBack
}

export interface HoldBack {
  /** Whether a head may wait; one that may not takes all with it. */
  mayWait(head: FeedHead): boolean
  /** Resolves when what waits is to be told, or when the signal aborts. */
  wait(signal: AbortSignal): Promise<void>
}

interface Watcher {
  readonly peer: PeerId | undefined
  readonly publishers: ReadonlySet<PublisherId>
  readonly waiting: Map<RecordId, FeedHead>
  readonly mayWait: (head: FeedHead) => boolean
  /** Something waits that may not. */
  isUrgent: boolean
  wake: () => void
}

/** Tells subscribers which heads changed; a head that was overtaken before it was read is not told. */
export class HeadChanges {
  /** When feeds changed, for those that ask what changed since. */
  readonly log: HeadLog
  readonly #watchers = new Set<Watcher>()

  constructor(log: HeadLog = new HeadLog()) {
    this.log = log
  }

  /** How full it is: watchers, and the most heads that wait for one. */
  get sizes() {
    const waiting = [...this.#watchers].map(watcher => watcher.waiting.size)
    return { watchers: this.#watchers.size, waitingHeads: Math.max(0, ...waiting), loggedFeeds: this.log.size }
  }

  /** Called with every stored record, own or foreign, after it is durable and the gate knows of it; `from` is the peer that brought it. */
  stored(records: readonly WellFormedRecord[], from?: PeerId): void {
    for (const { publisher, feed } of records) {
      if (feed === ROOT_FEED)
        this.log.touch(publisher) // it may delegate feeds that are held
      else this.log.changed(publisher, feed)
    }
    for (const watcher of this.#watchers) {
      if (from !== undefined && watcher.peer === from) continue
      for (const { publisher, feed, seq, id, prev } of records) {
        if (!watcher.publishers.has(publisher)) continue
        if (prev !== null) watcher.waiting.delete(prev)
        const head = { publisher, feed, seq, id }
        watcher.waiting.set(id, head)
        watcher.isUrgent ||= !watcher.mayWait(head)
        if (watcher.waiting.size > MAX_WAITING_HEADS) watcher.waiting.delete(watcher.waiting.keys().next().value!)
      }
      if (watcher.waiting.size > 0) watcher.wake()
    }
  }

  /** A peer named these heads: it holds them. */
  heldBy(peer: PeerId, heads: readonly FeedHead[]): void {
    for (const watcher of this.#watchers)
      if (watcher.peer === peer) for (const { id } of heads) watcher.waiting.delete(id)
  }

  /** Changed heads of these publishers from now on, in groups, until the signal aborts. */
  async *watch(
    publishers: readonly PublisherId[],
    signal: AbortSignal,
    { peer, hold }: WatchOptions = {},
  ): AsyncGenerator<readonly FeedHead[]> {
    const mayWait = hold?.mayWait ?? (() => false)
    const followed = { peer, publishers: new Set(publishers), mayWait }
    const watcher: Watcher = { ...followed, waiting: new Map(), isUrgent: false, wake: () => {} }
    const onAbort = () => watcher.wake()
    this.#watchers.add(watcher)
    signal.addEventListener('abort', onAbort)
    try {
      while (!signal.aborted) {
        if (watcher.waiting.size === 0) await new Promise<void>(resolve => Object.assign(watcher, { wake: resolve }))
        if (hold && !watcher.isUrgent && !signal.aborted) await waited(watcher, hold, signal)
        const heads = [...watcher.waiting.values()]
        watcher.waiting.clear()
        watcher.isUrgent = false
        if (heads.length > 0 && !signal.aborted) yield heads
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#watchers.delete(watcher)
    }
  }
}

/** Waits as long as nothing that may not wait comes. */
async function waited(watcher: Watcher, hold: HoldBack, signal: AbortSignal): Promise<void> {
  const over = new AbortController()
  watcher.wake = () => {
    if (watcher.isUrgent || signal.aborted) over.abort()
  }
  await hold.wait(over.signal)
}

import {
  type FeedHead,
  headOf,
  type PeerId,
  type PublisherId,
  ROOT_FEED,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import { HeadLog } from './head-log.ts'
import { HeadWatcher, type HoldBack } from './head-watcher.ts'

/** Who watches, and how long news may wait before it is told. */
export interface WatchOptions {
  /** Not told what it brought or named itself. */
  readonly peer?: PeerId
  readonly hold?: HoldBack
}

/** Tells subscribers which heads changed; a head that was overtaken before it was read is not told. */
export class HeadChanges {
  /** When feeds changed, for those that ask what changed since. */
  readonly log: HeadLog
  readonly #watchers = new Set<HeadWatcher>()

  constructor(log: HeadLog = new HeadLog()) {
    this.log = log
  }

  /** How full it is: watchers, and the most heads that wait for one. */
  get sizes() {
    const waiting = [...this.#watchers].map(watcher => watcher.size)
    return { watchers: this.#watchers.size, waitingHeads: Math.max(0, ...waiting), loggedFeeds: this.log.size }
  }

  /** Called with every stored record, own or foreign, after it is durable and the gate knows of it; `from` is the peer that brought it. */
  stored(records: readonly WellFormedRecord[], from?: PeerId): void {
    for (const record of records) {
      const { publisher, feed, prev } = record
      if (feed === ROOT_FEED)
        this.log.touch(publisher) // it may delegate feeds that are held
      else this.log.changed(publisher, feed)
      const head = headOf(record)
      for (const watcher of this.#watchers) watcher.changed(head, prev, from)
    }
  }

  /** A peer named these heads: it holds them. */
  heldBy(peer: PeerId, heads: readonly FeedHead[]): void {
    for (const watcher of this.#watchers) watcher.named(peer, heads)
  }

  /** Changed heads of these publishers from now on, in groups, until the signal aborts. */
  async *watch(
    publishers: readonly PublisherId[],
    signal: AbortSignal,
    options: WatchOptions = {},
  ): AsyncGenerator<readonly FeedHead[]> {
    const watcher = new HeadWatcher({ publishers: new Set(publishers), ...options })
    const onAbort = () => watcher.wake()
    this.#watchers.add(watcher)
    signal.addEventListener('abort', onAbort)
    try {
      while (!signal.aborted) {
        await watcher.due()
        const heads = watcher.take()
        if (heads.length > 0 && !signal.aborted) yield heads
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#watchers.delete(watcher)
      watcher.take() // no timer stays
    }
  }
}

import type { PeerId } from '../../protocol/index.ts'
import * as limits from './limits.ts'

/** A peer connected now. */
export interface Connection {
  readonly peer: PeerId
  /** The keeper dialled it: nobody else had it connected. */
  isOwn: boolean
  readonly way: 'inbound' | 'outbound'
  /** When it came up, ms. */
  readonly since: number
  /** Part of the network it is in; null: local. */
  readonly group: string | null
  /** It brought records that verified and were missing here. */
  isProven: boolean
  /** When it came up, brought such records, or was last found to be needed, ms. */
  usedAt: number
  /** It was told to go. */
  isLeaving: boolean
  /** It is of another network: whoever dialled it, it is nobody's own choice, and takes no place. */
  isForeign: boolean
}

/** The peers connected now: how many, of whose choice and from where; and who goes when there are too many. */
export class Connections {
  readonly #byPeer = new Map<PeerId, Connection>()

  get size(): number {
    return this.#byPeer.size
  }

  /** How many are of this network, as far as is known. */
  get sizeOfNetwork(): number {
    return [...this.#byPeer.values()].filter(({ isForeign }) => !isForeign).length
  }

  /** Who is of this node's own choice; `diverse`: of one part of the network two count. */
  ownCounts(): { readonly own: number; readonly diverse: number; readonly crowded: ReadonlySet<string> } {
    const groups = new Map<string, number>()
    let [own, local] = [0, 0]
    for (const { isOwn, group } of this.#byPeer.values()) {
      if (!isOwn) continue
      own++
      if (group === null) local++
      else groups.set(group, (groups.get(group) ?? 0) + 1)
    }
    const crowded = new Set([...groups].filter(([, count]) => count >= limits.CROWDED_GROUP).map(([group]) => group))
    const diverse = [...groups.values()].reduce((sum, count) => sum + Math.min(count, limits.CROWDED_GROUP), local)
    return { own, diverse, crowded }
  }

  has(peer: PeerId): boolean {
    return this.#byPeer.has(peer)
  }

  /** Connected, and of this network as far as is known. */
  isOfUse(peer: PeerId): boolean {
    return this.#byPeer.get(peer)?.isForeign === false
  }

  /** Of use, and not told to go. */
  stays(peer: PeerId): boolean {
    return this.isOfUse(peer) && this.#byPeer.get(peer)?.isLeaving === false
  }

  /** Up again is not proven again: what a peer once brought outlasts a second connection, not the first one's end. */
  up(peer: PeerId, { way, isOwn }: Pick<Connection, 'way' | 'isOwn'>, group: string | null, now: number): void {
    const before = this.#byPeer.get(peer)
    const isProven = before?.isProven ?? false
    const since = before?.since ?? now
    this.#byPeer.set(peer, {
      peer,
      way,
      isOwn,
      since,
      group,
      isProven,
      usedAt: now,
      isLeaving: false,
      isForeign: false,
    })
  }

  /** This node dialled it a moment ago, and did not tell it to go. */
  isJustDialled(peer: PeerId, now: number): boolean {
    const connection = this.#byPeer.get(peer)
    if (connection === undefined || connection.isLeaving) return false
    return connection.way === 'outbound' && now - connection.since < limits.HUNG_UP_MS
  }

  /** Whether that was wanted here. */
  down(peer: PeerId): boolean {
    const wasLeaving = this.#byPeer.get(peer)?.isLeaving ?? true
    this.#byPeer.delete(peer)
    return wasLeaving
  }

  identified(peer: PeerId, isOfNetwork: boolean): void {
    const connection = this.#byPeer.get(peer)
    if (connection === undefined) return
    connection.isForeign = !isOfNetwork
    if (!isOfNetwork) connection.isOwn = false
  }

  proven(peer: PeerId, now: number): void {
    const connection = this.#byPeer.get(peer)
    if (connection) Object.assign(connection, { isProven: true, usedAt: now })
  }

  get hasProven(): boolean {
    return [...this.#byPeer.values()].some(({ isProven }) => isProven)
  }

  /**
   * Who has to go, as there are more than 240: never `isKept` ones, nor who was chosen by this node or proved of use; of the part of the
   * network that has most the newest, who was there long enough to ask what a newcomer asks unless it is getting tight.
   */
  surplus(isKept: (peer: PeerId) => boolean, now: number): PeerId[] {
    const here = this.#staying()
    let excess = here.length - limits.KEPT_CONNECTIONS
    if (excess <= 0) return []
    const isTight = here.length > limits.TIGHT_CONNECTIONS
    const mayGo = here.filter(
      each =>
        !each.isOwn && !each.isProven && !isKept(each.peer) && (isTight || now - each.since >= limits.NEWCOMER_MS),
    )
    const groups = Map.groupBy(
      mayGo.toSorted((a, b) => a.since - b.since),
      ({ group }) => group,
    )
    const gone: PeerId[] = []
    for (; excess > 0; excess--) {
      const largest = [...groups.values()].reduce<Connection[]>((a, b) => (b.length > a.length ? b : a), [])
      const newest = largest.pop()
      if (newest === undefined) break
      newest.isLeaving = true
      gone.push(newest.peer)
    }
    return gone
  }

  /**
   * Who goes although there is room, as there are more than 20: one that this node dialled without choosing it, as a query of the DHT
   * does, and that brought nothing since. Who came here is left to come and go: it may have nobody else.
   */
  quiet(isKept: (peer: PeerId) => boolean, now: number): PeerId[] {
    const here = this.#staying()
    const gone: PeerId[] = []
    for (const each of here) {
      if (here.length - gone.length <= limits.ENOUGH_CONNECTIONS) break
      if (!isUnchosen(each) || now - each.usedAt < limits.QUIET_MS) continue
      if (isKept(each.peer)) {
        each.usedAt = now
        continue
      }
      each.isLeaving = true
      gone.push(each.peer)
    }
    return gone
  }

  /** When one of them may have to go, ms. */
  nextQuiet(): number {
    const here = this.#staying()
    if (here.length <= limits.ENOUGH_CONNECTIONS) return Number.POSITIVE_INFINITY
    return Math.min(...here.filter(isUnchosen).map(({ usedAt }) => usedAt + limits.QUIET_MS))
  }

  /**
   * Of this node's own choice the one to give its place to somebody new: one that had four minutes and brought nothing, from the most
   * crowded part of the network first. Of peers that all serve, one goes only where there are more than enough.
   */
  spare(isKept: (peer: PeerId) => boolean, now: number, luck: () => number): PeerId | null {
    const isOld = ({ since }: Connection) => now - since >= limits.TRIAL_MS
    const own = [...this.#byPeer.values()].filter(each => each.isOwn && !each.isLeaving && !isKept(each.peer))
    const idle = own.filter(each => isOld(each) && !each.isProven)
    const from = idle.length > 0 ? idle : this.size > limits.ENOUGH_CONNECTIONS ? own.filter(isOld) : []
    const { crowded } = this.ownCounts()
    const ranked = from.map(each => ({ each, rank: (crowded.has(each.group ?? '') ? 1 : 0) + luck() }))
    const [worst] = ranked.toSorted((a, b) => b.rank - a.rank)
    if (worst === undefined) return null
    worst.each.isLeaving = true
    return worst.each.peer
  }

  /** Who served longest of this node's own choice, those that brought records first, each from another part of the network. */
  anchors(now: number): PeerId[] {
    const old = [...this.#byPeer.values()].filter(each => each.isOwn && now - each.since >= limits.TRIAL_MS)
    const ranked = old.toSorted((a, b) => +b.isProven - +a.isProven || a.since - b.since)
    const groups = new Set<string>()
    const isOtherPart = ({ group }: Connection) => group === null || (!groups.has(group) && groups.add(group))
    return ranked
      .filter(isOtherPart)
      .slice(0, limits.MAX_ANCHORS)
      .map(({ peer }) => peer)
  }

  #staying(): Connection[] {
    return [...this.#byPeer.values()].filter(({ isLeaving }) => !isLeaving)
  }
}

const isUnchosen = ({ way, isOwn }: Connection): boolean => way === 'outbound' && !isOwn

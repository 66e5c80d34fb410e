import type { PeerId } from '../../protocol/index.ts'
import type { DialFailure } from './dial-failure.ts'
import { Informants } from './informants.ts'
import * as limits from './limits.ts'

/**
 * Where a candidate was heard of, best first: the operator's pins, who served well before the restart, the address book, bootstrap,
 * signed records, the DHT or mDNS.
 */
export type Source = 'pinned' | 'anchor' | 'book' | 'bootstrap' | 'record' | 'hint'
const SOURCES: readonly Source[] = ['pinned', 'anchor', 'book', 'bootstrap', 'record', 'hint']

/** The part of the network an address is in, so that one owner of many addresses counts once; null: local, which is not counted. */
export type GroupOf = (address: string) => string | null

export interface Candidate {
  readonly peer: PeerId
  source: Source
  /** The peer whose word it is; null for what this node or its operator knows. */
  readonly from: PeerId | null
  /** Multiaddrs, the operator's and then the newest first; empty if the address has to be looked up. */
  addresses: readonly string[]
  /** Of them, those that the operator named, as a pin or to start from: nobody's word takes their places. */
  chosen: readonly string[]
  /** Of the first address. */
  group: string | null
  failures: number
  /** Not to be dialled before, ms. */
  notBefore: number
  /** Why the last dial failed; null before the first, and since a connection. */
  why: DialFailure | null
  /** It was connected once, or its first failure was reported. */
  isKnown: boolean
  /** It was dialled and connected once, and not gone at once. */
  isMet: boolean
  /** When its connection ended that neither side closed, ms; null: it did not. */
  lostAt: number | null
  /** Where a dial of this node reached it last. */
  answeredAt: string | null
  /** What its connection changed and is put back if that was none to speak of; null while it is not connected. */
  before: Pick<Candidate, 'failures' | 'isMet'> | null
}

/** The bounded set of peers a node may dial. */
export class Candidates {
  readonly informants = new Informants()
  readonly #groupOf: GroupOf
  readonly #byPeer = new Map<PeerId, Candidate>()
  /** Those known by more than hearsay: few, and looked at often. */
  readonly #solid = new Set<Candidate>()

  constructor(groupOf: GroupOf) {
    this.#groupOf = groupOf
  }

  get(peer: PeerId): Candidate | undefined {
    return this.#byPeer.get(peer)
  }

  isPinned(peer: PeerId): boolean {
    return this.#byPeer.get(peer)?.source === 'pinned'
  }

  all(): Iterable<Candidate> {
    return this.#byPeer.values()
  }

  solid(): Iterable<Candidate> {
    return this.#solid
  }

  get hasHearsay(): boolean {
    return this.#byPeer.size > this.#solid.size
  }

  add(peer: PeerId, addresses: readonly string[], source: Source, from: PeerId | null = null): void {
    const known = this.#byPeer.get(peer)
    if (known === undefined) {
      this.#insert(peer, addresses, source, from)
      return
    }
    if (isChoice(source)) known.chosen = chosenOf([...addresses, ...known.chosen])
    // A hint is anybody's word: it takes no place from what the peer itself or this node's own dial says.
    const all = source === 'hint' ? [...known.addresses, ...addresses] : [...addresses, ...known.addresses]
    known.addresses = severalOf([...known.chosen, ...all])
    known.group = this.#groupOfFirst(known.addresses)
    if (rankOf(source) < rankOf(known.source)) known.source = source
    this.#place(known)
  }

  remove(peer: PeerId): void {
    const known = this.#byPeer.get(peer)
    if (known === undefined) return
    this.#byPeer.delete(peer)
    this.#solid.delete(known)
    this.informants.forget(known)
  }

  /** It is connected at that address; who came here by itself says nothing about who answers at its addresses. */
  succeeded(peer: PeerId, wasDialled: boolean, address: string | null): void {
    const known = this.#byPeer.get(peer)
    if (known === undefined) return
    if (wasDialled && isUntried(known)) this.informants.wasRight(known)
    // The failures of a peer that was lost were those of the network, not its own.
    const failures = known.lostAt === null ? known.failures : 0
    known.before ??= { failures, isMet: known.isMet }
    const isMet = known.isMet || wasDialled
    const answeredAt = (wasDialled ? address : null) ?? known.answeredAt
    Object.assign(known, { failures: 0, notBefore: 0, why: null, isKnown: true, isMet, lostAt: null, answeredAt })
    this.#place(known)
  }

  /** Its connection ended, and neither side wanted that. */
  lost(peer: PeerId, now: number): void {
    const known = this.#byPeer.get(peer)
    if (known?.isMet) known.lostAt = now
  }

  /** Its connection ended as soon as it was dialled: no more than one more failed dial, whatever went before. */
  unmeet(peer: PeerId): void {
    const known = this.#byPeer.get(peer)
    if (known === undefined) return
    Object.assign(known, known.before)
    if (isHearsay(known)) this.#solid.delete(known)
  }

  /** Backs off, doubled each time; `luck` (0..1) spreads it by ± 50 %. `why` is null for a connection that ended after a while. */
  failed(peer: PeerId, now: number, luck: number, why: DialFailure | null): void {
    const known = this.#byPeer.get(peer)
    if (known === undefined) return
    known.failures++
    known.before = null
    known.why = why
    if (why === 'denied' || why === 'identity') known.lostAt = null
    if (why !== null && isUntried(known) && known.failures === 1) this.informants.wasWrong(known)
    const usual = isChoice(known.source) ? limits.LONGEST_PINNED_BACKOFF_MS : limits.LONGEST_BACKOFF_MS
    const longest = isCutOff(known, now) ? limits.LONGEST_CUT_OFF_BACKOFF_MS : usual
    const wait = Math.min(longest, limits.FIRST_BACKOFF_MS * 2 ** (known.failures - 1))
    known.notBefore = now + wait * (0.5 + luck)
    if (isHearsay(known) && known.failures >= limits.MAX_FAILURES) this.remove(peer)
  }

  #insert(peer: PeerId, addresses: readonly string[], source: Source, from: PeerId | null): void {
    const kept = severalOf(addresses)
    const chosen = isChoice(source) ? chosenOf(kept) : []
    const group = this.#groupOfFirst(kept)
    const fresh = { failures: 0, notBefore: 0, why: null, isKnown: false, isMet: false }
    const unmet = { lostAt: null, answeredAt: null, before: null }
    const candidate: Candidate = { peer, source, from, addresses: kept, chosen, group, ...fresh, ...unmet }
    if (isHearsay(candidate)) this.#makeRoomFor(candidate)
    this.#byPeer.set(peer, candidate)
    this.#place(candidate)
    this.informants.told(candidate)
    if (this.#byPeer.size > limits.MAX_CANDIDATES) this.#forgetWorst(() => true)
  }

  #place(candidate: Candidate): void {
    if (!isHearsay(candidate)) this.#solid.add(candidate)
  }

  /** What one peer, or one part of the network, may make this node remember is bounded. */
  #makeRoomFor({ from, group }: Candidate): void {
    if (from !== null && this.informants.countOf(from) >= limits.MAX_CANDIDATES_FROM_ONE)
      this.#forgetWorst(each => each.from === from)
    if (group === null) return
    const isNear = (each: Candidate) => each.group === group && isHearsay(each)
    if ([...this.#byPeer.values()].filter(isNear).length >= limits.MAX_CANDIDATES_OF_GROUP) this.#forgetWorst(isNear)
  }

  #forgetWorst(isMeant: (candidate: Candidate) => boolean): void {
    let worst: Candidate | null = null
    for (const candidate of this.#byPeer.values())
      if (candidate.source !== 'pinned' && isMeant(candidate) && (worst === null || isWorse(candidate, worst)))
        worst = candidate
    if (worst) this.remove(worst.peer)
  }

  #groupOfFirst([first]: readonly string[]): string | null {
    return first === undefined ? null : this.#groupOf(first)
  }
}

/** Order of dialling: by source, then who was met, then by fewer failures. */
export const compareCandidates = (a: Candidate, b: Candidate): number =>
  rankOf(a.source) - rankOf(b.source) || +b.isMet - +a.isMet || a.failures - b.failures

const isChoice = (source: Source): boolean => source === 'pinned' || source === 'bootstrap'
const severalOf = (addresses: readonly string[]) => [...new Set(addresses)].slice(0, limits.MAX_ADDRESSES)
const chosenOf = (addresses: readonly string[]) => severalOf(addresses).slice(0, limits.MAX_CHOSEN_ADDRESSES)
const rankOf = (source: Source): number => SOURCES.indexOf(source)
const isWorse = (a: Candidate, b: Candidate): boolean => compareCandidates(a, b) > 0
/** It was there a while ago, and is not because of the network as far as this node knows. */
export const isCutOff = ({ lostAt }: Candidate, now: number): boolean =>
  lostAt !== null && now - lostAt < limits.CUT_OFF_MS
/** Where to dial, first where it was reached before: who is cut off is dialled often, and so there alone, seldom at all the addresses that it named. */
export function addressesToDial(candidate: Candidate, now: number): readonly string[] {
  const { addresses, answeredAt, failures } = candidate
  if (answeredAt === null) return addresses
  const isEverywhere = !isCutOff(candidate, now) || failures % limits.CUT_OFF_DIALS === 0
  return isEverywhere ? severalOf([answeredAt, ...addresses]) : [answeredAt]
}
/** No dial of this node ever reached it. */
export const isUntried = ({ isMet, answeredAt }: Candidate): boolean => !isMet && answeredAt === null
/** Known by somebody's word alone. */
export const isHearsay = ({ source, isMet }: Candidate): boolean => (source === 'record' || source === 'hint') && !isMet

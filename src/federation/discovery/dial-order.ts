import type { PeerId } from '../../protocol/index.ts'
import { type Candidate, type Candidates, compareCandidates, isCutOff, isHearsay, isUntried } from './candidates.ts'
import type { Connections } from './connections.ts'
import type { Guesses } from './guesses.ts'
import * as limits from './limits.ts'

/** What is known when candidates are chosen. */
export interface Choice {
  readonly candidates: Candidates
  readonly connections: Connections
  readonly dialling: ReadonlyMap<PeerId, number>
  /** Peers said to serve a followed publisher, or to hold what is searched, that no connected peer is said to have. */
  readonly onlyHolders: (now: number) => ReadonlySet<PeerId>
  readonly guesses: Guesses
  readonly random: () => number
}

/** Whether connections are missing, and of whom: of anybody, or of other parts of the network than those that are crowded. */
export type Lack = 'anybody' | 'others' | null

/** What is missing when `coming` dials succeed. */
export function lackOf(connections: Connections, coming: number): Lack {
  const { own, diverse } = connections.ownCounts()
  return lackWith({ size: connections.sizeOfNetwork + coming, own: own + coming, diverse: diverse + coming })
}

function lackWith({ size, own, diverse }: { size: number; own: number; diverse: number }): Lack {
  if (size < limits.MIN_CONNECTIONS || own < limits.MIN_OUTBOUND) return 'anybody'
  return diverse < limits.MIN_OUTBOUND && own < limits.MAX_OUTBOUND ? 'others' : null
}

/** Whom to dial now, best first. */
export function pickDials(choice: Choice, now: number): Candidate[] {
  const { connections, dialling } = choice
  if (dialling.size >= limits.MAX_DIALS) return []
  const { own, diverse, crowded } = connections.ownCounts()
  const coming = () => dialling.size + picked.length
  const size = connections.sizeOfNetwork
  const lack = () => lackWith({ size: size + coming(), own: own + coming(), diverse: diverse + coming() })
  const picked: Candidate[] = []
  const onlyHolders = choice.onlyHolders(now)
  let holders = [...onlyHolders].filter(peer => dialling.has(peer)).length
  let lost = [...dialling.keys()].filter(peer => isLost(choice, peer, now)).length
  for (const { candidate, isHolder, isCrowded } of ranked(choice, { lack: lack(), crowded, onlyHolders }, now)) {
    if (coming() >= limits.MAX_DIALS) break
    const isUrgent =
      candidate.source === 'pinned' ||
      (isHolder && ++holders <= limits.MAX_HOLDER_DIALS) ||
      (isCutOff(candidate, now) && own + coming() < limits.MAX_OUTBOUND && ++lost <= limits.MAX_CUT_OFF_DIALS)
    const missing = lack()
    if (!isUrgent && missing !== 'anybody' && (missing === null || isCrowded)) continue
    if (!isHearsay(candidate) || choice.guesses.take(now)) picked.push(candidate)
  }
  return picked
}

/** Somebody new, not from where many are already if there is anyone else; null: everybody who answers was met. */
export function pickUntried(choice: Choice, now: number): Candidate | null {
  const { crowded } = choice.connections.ownCounts()
  const untried = [...choice.candidates.all()].filter(each => isUntried(each) && isReady(choice, each, now))
  const order = untried.map(candidate => orderOf(choice, candidate, crowded))
  return order.sort((a, b) => +a.isCrowded - +b.isCrowded || b.luck - a.luck)[0]?.candidate ?? null
}

interface Wanted {
  readonly lack: Lack
  readonly crowded: ReadonlySet<string>
  readonly onlyHolders: ReadonlySet<PeerId>
}

function ranked(choice: Choice, { lack, crowded, onlyHolders }: Wanted, now: number) {
  const { candidates, guesses } = choice
  const meant: (ReturnType<typeof orderOf> & { readonly isHolder: boolean })[] = []
  const named = [...onlyHolders].flatMap(peer => candidates.get(peer) ?? [])
  const pool = lack !== null && guesses.areLeft(now) ? candidates.all() : new Set([...candidates.solid(), ...named])
  for (const candidate of pool) {
    if (!isReady(choice, candidate, now)) continue
    const isHolder = onlyHolders.has(candidate.peer)
    if (lack !== null || isHolder || candidate.source === 'pinned' || isCutOff(candidate, now))
      meant.push({ ...orderOf(choice, candidate, crowded), isHolder })
  }
  return meant.sort(
    (a, b) =>
      +b.isHolder - +a.isHolder ||
      +a.isCrowded - +b.isCrowded ||
      compareCandidates(a.candidate, b.candidate) ||
      b.luck - a.luck,
  )
}

const isLost = ({ candidates }: Choice, peer: PeerId, now: number): boolean => {
  const candidate = candidates.get(peer)
  return candidate !== undefined && isCutOff(candidate, now)
}

const isReady = ({ connections, dialling }: Choice, { peer, notBefore }: Candidate, now: number): boolean =>
  notBefore <= now && !dialling.has(peer) && !connections.has(peer)

/** Who is in a part of the network where enough were chosen comes after all others; luck is what its informant's word was worth. */
function orderOf({ candidates, random }: Choice, candidate: Candidate, crowded: ReadonlySet<string>) {
  const isCrowded = candidate.source !== 'pinned' && crowded.has(candidate.group ?? '')
  return { candidate, isCrowded, luck: random() * candidates.informants.creditOf(candidate) }
}

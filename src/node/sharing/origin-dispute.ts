import { contradict } from './digest-text.ts'
import { MAX_NAMED_PARTIES } from './limits.ts'

/** Somebody's word about the bytes of one version. */
export interface Voice {
  /** As people here call it. */
  readonly name: string
  /** SRI texts, all of which are said of the same bytes; at least one. */
  readonly digests: readonly string[]
  /** The command that no longer counts this voice; null: there is none. */
  readonly silencedBy: string | null
}

/**
 * Who disagrees with whom, in one sentence, or null when all words can be true together. Nobody wins by number: two that repeat
 * a third are no proof. The same voices in any order give the same sentence.
 */
export function disputeAmong(voices: readonly Voice[]): string | null {
  const ordered = voices.toSorted((a, b) => compare(keyOf(a), keyOf(b)))
  const isDisputed = ordered.some((a, at) => ordered.slice(at + 1).some(b => contradict(a.digests, b.digests)))
  if (!isDisputed) return null
  const camps = Map.groupBy(ordered, ({ digests }) => digests[0] ?? '')
  const told = [...camps].map(([digest, members]) => `${namesOf(members)} ${digest.slice(0, 20)}…`)
  const commands = [...new Set(ordered.flatMap(({ silencedBy }) => silencedBy ?? []))].slice(0, MAX_NAMED_PARTIES)
  const help = commands.length === 0 ? '' : `; to no longer count one: ${commands.join(', or ')}`
  return `${told.slice(0, MAX_NAMED_PARTIES).join(', ')}${help}`
}

function namesOf(members: readonly Voice[]): string {
  const names = [...new Set(members.map(({ name }) => name))]
  const shown = names.slice(0, MAX_NAMED_PARTIES).join(' and ')
  return `${shown} ${names.length === 1 ? 'says' : 'say'}`
}

const keyOf = ({ name, digests }: Voice): string => `${digests.join(' ')} ${name}`
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

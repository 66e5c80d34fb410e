import { MAX_RIVAL_BRANCHES } from '../../../src/federation/sync/limits.ts'
import { foldPublisher, forkProofs, type RecordId, type WellFormedRecord } from '../../../src/protocol/index.ts'
import type { SimulatedNode } from './simulated-node.ts'
import { publisherIds, type Stage, twoFaced, writers } from './stage.ts'

type Held = ReadonlyMap<RecordId, WellFormedRecord>

/** What the honest nodes do not agree upon yet. */
export async function checkAgreement(stage: Stage): Promise<string[]> {
  const faults: string[] = []
  const held: Held[] = []
  for (const node of stage.nodes) {
    if (node.life === null) return [`${node.peer} is down`]
    held.push(await node.life.held())
  }
  for (const [i, node] of stage.nodes.entries())
    for (const { id, publisher, feed, seq } of stage.needed())
      if (!held[i]!.has(id)) faults.push(`${node.peer} lacks ${nameOf(publisher)} ${feed.slice(0, 4)} ${seq}`)
  if (faults.length > 0) return faults
  for (const [name, of] of [
    ['digests', digestsOf],
    ['sets of fork proofs', (_: SimulatedNode, of: Held) => proofsOf(stage, of)],
    ['sets of records', stage.isPinned ? () => '' : recordsOf],
  ] as const) {
    const answers = new Set(stage.nodes.map((node, i) => of(node, held[i]!)))
    if (answers.size > 1) faults.push(`${answers.size} ${name}`)
  }
  return faults
}

/** What must not have happened, however it ended. */
export async function checkHistory(stage: Stage): Promise<string[]> {
  const faults = stage.ledger.unpunished()
  for (const node of stage.nodes) {
    const held = (await node.life?.held()) ?? new Map<RecordId, WellFormedRecord>()
    for (const [id, what] of stage.ledger.invalid) if (held.has(id)) faults.push(`${node.peer} holds ${what}`)
    for (const [id, { seq }] of node.safe) if (!held.has(id)) faults.push(`${node.peer} lost record ${seq}`)
    for (const { publisher, feed, seq } of forkProofs(held.values()))
      if (writers.some(({ id }) => id === publisher))
        faults.push(`${node.peer} holds a fork of an honest publisher at ${seq} of ${feed.slice(0, 4)}`)
    const tips = (await node.life?.records.heads(twoFaced.id))?.filter(({ feed }) => feed === twoFaced.feed) ?? []
    if (tips.length > MAX_RIVAL_BRANCHES + 2) faults.push(`${node.peer} keeps ${tips.length} branches of one feed`)
    const ended = node.life?.catalogue.publisher(twoFaced.id)?.feeds.find(({ feed }) => feed === twoFaced.feed)
    if (`${ended?.reason} ${ended?.head}` !== stage.verdict())
      faults.push(`${node.peer} counts a forked feed up to ${ended?.end} (${ended?.reason})`)
    for (const proof of hiddenFrom(stage, node, held)) faults.push(proof)
    const shown = publisherIds.map(id => node.life?.catalogue.publisher(id)?.digest).join()
    if (shown !== digestsOf(node, held)) faults.push(`${node.peer} shows another digest than its records have`)
  }
  return faults
}

/** Private records that came where they may not be. */
function hiddenFrom({ ledger }: Stage, node: SimulatedNode, held: Held): string[] {
  return ledger.hidden
    .filter(({ id, publisher }) => held.has(id) && publisher !== node.life?.writer?.publisher)
    .map(({ seq }) => `${node.peer} holds private record ${seq} of another`)
}

/** Folded anew, from the last record to the first. */
const digestsOf = (_: SimulatedNode, held: Held): string =>
  publisherIds.map(id => foldPublisher(id, [...held.values()].reverse()).digest).join()

/** Beyond the bound on rivals each node proves a fork with those it keeps. */
const proofsOf = (stage: Stage, held: Held): string =>
  forkProofs(held.values())
    .map(({ publisher, records }) =>
      stage.isPinned && publisher === twoFaced.id ? publisher : records.map(({ id }) => id).join(' '),
    )
    .join()

const recordsOf = ({ life }: SimulatedNode, held: Held): string =>
  [...held.values()]
    .filter(({ feed }) => feed !== life?.writer?.feeds.private)
    .map(({ id }) => id)
    .sort()
    .join()

const nameOf = (publisher: string): string => writers.find(({ id }) => id === publisher)?.word ?? 'scripted'

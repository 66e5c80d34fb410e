import { encodeNodesRequest, type PeerId, parseNodes } from '../../../src/protocol/index.ts'
import { Crook, Town, Townsman } from './keeper-town.ts'

/** How one seed ended; `faults` is empty if every honest node is where it should be. */
export interface KeepersOutcome {
  readonly seed: number
  readonly faults: readonly string[]
  /** Of all honest nodes: the fewest connections, dials of their own, and honest nodes among those. */
  readonly fewest: { readonly connections: number; readonly own: number; readonly honestOwn: number }
}

const HONEST = 49
const HOSTILE = 21
const MINUTE = 60_000
/** Until then everybody has what they need. */
const SETTLED_MS = 4 * MINUTE

/**
 * 70 nodes of which 21 are hostile. Each honest one knows one bootstrap; of three in ten it is dead, and those know three former peers,
 * one of them hostile now. The hostile ones live in three parts of the network, come to everybody and name 64 others whenever asked.
 */
export async function simulateKeepers(seed: number): Promise<KeepersOutcome> {
  const town = new Town(seed)
  const { random } = town.world
  const honest = Array.from({ length: HONEST }, (_, i) => {
    const part = `${20 + (i % 40)}.${i % 7}`
    return new Townsman(town, `honest${i}` as PeerId, `/ip4/${part}.1.${i + 1}/tcp/7701`)
  })
  const crooks = Array.from({ length: HOSTILE }, (_, i) => {
    const crook = new Crook(town, `crook${i}` as PeerId, `/ip4/66.${i % 3}.1.${i + 1}/tcp/7701`)
    town.world.after(random() * MINUTE, () => crook.bother())
    return crook
  })
  for (const [i, node] of honest.entries()) town.world.after(random() * 2 * MINUTE, () => join(node, i))
  await town.world.runUntil(SETTLED_MS)
  const faults = [...(await faultsOf(town, honest)), ...partsOf(town, honest)]
  const states = honest.map(node => stateOf(town, node))
  const stopping = honest.map(node => node.stop())
  await town.world.runUntil(SETTLED_MS + MINUTE)
  await Promise.all(stopping)
  const least = (of: (state: ReturnType<typeof stateOf>) => number) => Math.min(...states.map(of))
  const fewest = { connections: least(s => s.connections), own: least(s => s.own), honestOwn: least(s => s.honestOwn) }
  return { seed, faults, fewest }

  function join(node: Townsman, i: number): void {
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
    const place = ({ id, address }: { readonly id: PeerId; readonly address: string }) => ({
      peer: id,
      addresses: [address],
    })
    if (random() < 0.3) {
      node.heard(
        [{ peer: `dead${i}` as PeerId, addresses: [`/ip4/99.1.1.${i + 1}/tcp/${7700 + (i % 2)}`] }],
        'bootstrap',
      )
      const others = honest.filter(each => each !== node)
      node.heard([place(pick(others)), place(pick(others)), place(pick(crooks))], 'book')
    } else {
      // The ten bootstraps know one another; whom nobody told of anybody else, nobody can lead out.
      node.heard([place(i < 10 ? honest[(i + 1) % 10]! : pick(honest.slice(0, 10)))], 'bootstrap')
    }
  }
}

function stateOf(town: Town, node: Townsman) {
  const all = town.of(node.id)
  const own = all.filter(({ direction }) => direction === 'outbound')
  const honestOwn = own.filter(({ peer }) => town.residents.get(peer)!.isHonest)
  return { connections: all.length, own: own.length, honestOwn: honestOwn.length }
}

async function faultsOf(town: Town, honest: readonly Townsman[]): Promise<string[]> {
  const faults: string[] = []
  for (const node of honest) {
    const { connections, own, honestOwn } = stateOf(town, node)
    if (connections < 12) faults.push(`${node.id} has ${connections} connections`)
    if (own < 8) faults.push(`${node.id} chose ${own}`)
    if (honestOwn < 2) faults.push(`${node.id} chose ${honestOwn} honest ones of ${own}`)
    if (node.records.book.size > 512) faults.push(`${node.id} holds ${node.records.book.size} records`)
    const payload = encodeNodesRequest({ ask: 'nodes', count: 64 })
    for await (const message of node.answer({
      peer: town.of(node.id)[0]!.peer,
      payload,
      signal: new AbortController().signal,
    }))
      for (const envelope of parseNodes(message))
        if (Buffer.from(envelope).includes('made-')) faults.push(`${node.id} passes on what somebody made up`)
  }
  return faults
}

/** Whether the honest nodes hang together by connections among themselves. */
function partsOf(town: Town, honest: readonly Townsman[]): string[] {
  const reached = new Set<PeerId>([honest[0]!.id])
  for (const id of reached)
    for (const { peer } of town.of(id)) if (town.residents.get(peer)!.isHonest) reached.add(peer)
  return reached.size === honest.length ? [] : [`only ${reached.size} honest nodes of ${honest.length} hang together`]
}

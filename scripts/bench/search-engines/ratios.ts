import type { EngineFigures } from './engine-figures.ts'

/** How many times what ours needs, another engine needs. */
export interface Ratios {
  readonly memory: number | null
  readonly firstMemory: number | null
  readonly classes: Readonly<Record<string, { readonly p50: number; readonly p95: number }>>
}

/** Of every engine but ours, by its name; none where ours was not measured. */
export function ratiosOf(engines: readonly EngineFigures[]): Record<string, Ratios> {
  const ours = engines.find(({ engine }) => engine === 'ours')
  const peers = engines.filter(({ engine }) => engine !== 'ours')
  return ours === undefined ? {} : Object.fromEntries(peers.map(peer => [peer.engine, ratiosTo(ours, peer)]))
}

function ratiosTo(ours: EngineFigures, peer: EngineFigures): Ratios {
  const classes = Object.entries(peer.classes).flatMap(([name, { p50, p95 }]) => {
    const own = ours.classes[name]
    return own === undefined ? [] : [[name, { p50: p50 / own.p50, p95: p95 / own.p95 }] as const]
  })
  return {
    memory: ratioOf(peer.memoryBytes, ours.memoryBytes),
    firstMemory: ratioOf(peer.first?.memoryBytes, ours.first?.memoryBytes),
    classes: Object.fromEntries(classes),
  }
}

const ratioOf = (value: number | null | undefined, own: number | null | undefined): number | null =>
  value == null || own == null ? null : value / own

import { Gauge, type Registry } from 'prom-client'
import type { ConnectionFigures } from '../network/connected-figures.ts'

/**
 * Figures of each connected peer, read at the moment of asking. A peer that goes takes its series along, so there are never more
 * than connections.
 */
export function registerPeerMetrics(registry: Registry, connections: () => readonly ConnectionFigures[]): void {
  const gauge = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    read: (of: ConnectionFigures) => readonly (readonly [Readonly<Partial<Record<L, string>>>, number])[],
  ) =>
    new Gauge<'peer' | L>({
      name,
      help,
      labelNames: ['peer', ...labelNames],
      registers: [registry],
      collect() {
        this.reset()
        for (const each of connections())
          for (const [labels, value] of read(each)) this.set({ ...labels, peer: each.peer } as never, value)
      },
    })
  gauge('hanse_peer_connected', 'Connected peers, by who dialled', ['direction'], ({ direction }) => [
    [{ direction }, 1],
  ])
  gauge('hanse_peer_latency_seconds', 'Time there and back', [], ({ latencyMs }) =>
    latencyMs === null ? [] : [[{}, latencyMs / 1_000]],
  )
  gauge('hanse_peer_bytes', 'Bytes that passed with a peer since it was first heard of', ['way'], of => [
    [{ way: 'received' }, of.received],
    [{ way: 'sent' }, of.sent],
  ])
  gauge('hanse_peer_over_budget', 'Requests and messages of a peer beyond its budget', ['how'], of => [
    [{ how: 'paced' }, of.paced],
    [{ how: 'busy' }, of.busy],
  ])
  gauge('hanse_peer_refusals', 'Refused from a peer, by reason', ['reason'], ({ refusals }) =>
    Object.entries(refusals).map(([reason, count]) => [{ reason }, count] as const),
  )
}

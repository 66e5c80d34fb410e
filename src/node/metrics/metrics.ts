import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { ConnectionFigures } from '../network/connected-figures.ts'
import { registerPeerMetrics } from './peer-metrics.ts'

/** Figures read at the moment of asking. */
export interface MetricSources {
  peers(): number
  feeds(): number
  packages(): number
  shortPackages(): number
  /** Followed because everything is, and those of them whose quota is spent. */
  unknownPublishers(): number
  spentPublishers(): number
  connections(): readonly ConnectionFigures[]
}

/** Prometheus metrics of one node. */
export interface Metrics {
  /** Records kept, by the way they came: `gossip`, `sync`, `own`. */
  readonly records: Counter<'via'>
  /** What peers sent and this node refused, by code. */
  readonly refusals: Counter<'code'>
  /** Requests of peers that this node failed to answer, by protocol. */
  readonly answerFailures: Counter<'protocol'>
  /** Requests and messages of peers beyond their budget: `paced` waited, `busy` was refused. */
  readonly overBudget: Counter<'how'>
  /** Artifacts brought here from peers. */
  readonly fetched: Counter<'result'>
  /** Spot checks of mirrors. */
  readonly mirrorChecks: Counter<'outcome'>
  /** Snapshots of peers asked for, by how that ended. */
  readonly snapshots: Counter<'result'>
  readonly contentType: string
  text(): Promise<string>
}

/** Metrics with a registry of their own, so that two nodes in one process do not mix. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  gauge('hanse_peers', 'Connected peers', sources.peers)
  gauge('hanse_feeds', 'Feeds held', sources.feeds)
  gauge('hanse_packages', 'Packages that search finds', sources.packages)
  gauge('hanse_packages_short', 'Packages with fewer known copies than wanted (mirror --copies)', sources.shortPackages)
  gauge('hanse_unknown_publishers', "Publishers here because of follow '*'", sources.unknownPublishers)
  gauge('hanse_unknown_publishers_spent', 'Those of them that spent a quota (follow.*)', sources.spentPublishers)
  registerPeerMetrics(registry, sources.connections)
  const counter = <L extends string>(name: string, help: string, label: L) =>
    new Counter<L>({ name, help, labelNames: [label], registers: [registry] })
  return {
    records: counter('hanse_records_total', 'Records kept, by the way they came', 'via'),
    refusals: counter('hanse_refusals_total', 'Refused from peers, by code', 'code'),
    answerFailures: counter(
      'hanse_answer_failures_total',
      'Requests of peers that failed unexpectedly here, by protocol',
      'protocol',
    ),
    overBudget: counter(
      'hanse_over_budget_total',
      'Requests and messages of peers beyond their budget, by what became of them',
      'how',
    ),
    fetched: counter('hanse_artifact_fetches_total', 'Artifacts asked of peers, by result', 'result'),
    mirrorChecks: counter('hanse_mirror_checks_total', 'Spot checks of mirrors, by what they showed', 'outcome'),
    snapshots: counter('hanse_snapshots_total', 'Snapshots asked of peers, by how that ended', 'result'),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  }
}

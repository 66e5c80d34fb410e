import type { NodeContext } from '../node-context.ts'
import type { FactSources } from './facts.ts'

/** The parts of a node that know facts. */
export function factSourcesOf(node: Pick<NodeContext, Exclude<keyof FactSources, 'own'> | 'writer'>): FactSources {
  const { library, policy, advisories, lookAlikes, sharing, purges, writer } = node
  return { library, policy, advisories, lookAlikes, sharing, purges, own: writer.publisher }
}

import type { NodeContext } from '../../node-context.ts'

/** What a search that found nothing tells where names come from upstreams too, which no search asks. */
export function upstreamNotesOf({ routes }: Pick<NodeContext, 'routes'>): readonly string[] {
  const toUpstream = routes.list().find(({ to }) => to.startsWith('upstream/'))
  if (toUpstream === undefined) return []
  const type = /^([a-z][a-z0-9.-]*):/.exec(toUpstream.match)?.[1] ?? 'npm'
  return [`upstreams are not searched: hanse why ${type}:NAME says where a name comes from`]
}

import type { RouteSetting } from '../config/index.ts'
import type { NodeContext } from '../node-context.ts'
import { listOwnPackages } from './own-packages.ts'

/** What a project's npm client is told when it is pointed at this node; whoever may read packages may read this. */
export interface ClientSettings {
  /** The address that the configuration gives for everybody; null: the one that it was reached under. */
  readonly publicUrl: string | null
  /** npm names that this node's publisher has released. */
  readonly released: readonly string[]
  readonly routes: readonly RouteSetting[]
}

/** Names released and routes, for `hanse use`. */
export async function clientSettings(node: NodeContext): Promise<ClientSettings> {
  const released = await listOwnPackages(node, 'npm')
  return {
    publicUrl: node.config.http.publicUrl ?? null,
    released: released.map(({ name }) => name),
    routes: node.routes.list(),
  }
}

import { systemClock } from '../../federation/index.ts'
import type { PeerId } from '../../protocol/index.ts'
import { createLog } from '../log.ts'
import type { NodeContext } from '../node-context.ts'
import { Sharing } from '../sharing/index.ts'
import type { OpenHome } from './open-home.ts'
import { upstreamFolderOf } from './open-upstreams.ts'
import { providersOf } from './providers.ts'

/** "Cache for others" over what is on disk; the node is asked for only once it is put together. */
export function sharingOf(
  { library, relations, paths, upstreamBook }: OpenHome,
  { writer, libp2p, config }: Pick<NodeContext, 'writer' | 'libp2p' | 'config'>,
  node: () => NodeContext,
): Sharing {
  const log = createLog()
  return new Sharing({
    ...{ node, library, relations, own: writer.publisher, clock: systemClock },
    peer: libp2p.peerId.toString() as PeerId,
    settingOf: name => config.upstreams[name] ?? upstreamBook.list().get(name),
    upstreamFolder: upstreamFolderOf(paths.home),
    providersOf: (bytes, signal) => providersOf(node(), bytes, signal),
    log: message => log.warn(message),
  })
}

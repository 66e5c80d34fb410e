import { Readable } from 'node:stream'
import { digestText, type Sha256 } from '../protocol/index.ts'
import { configPathOf, settingLinesOf } from './config/index.ts'
import { NodeError } from './errors.ts'
import type { NodeServices } from './http/services.ts'
import type { NodeContext } from './node-context.ts'
import { backup } from './use-cases/backup.ts'
import { bootstrapProblem } from './use-cases/bootstrap-health.ts'
import { doctor } from './use-cases/doctor.ts'
import { info } from './use-cases/info.ts'
import { install } from './use-cases/install.ts'
import { exportRecovery, listKeys } from './use-cases/keys.ts'
import { addPeer, listPeers, removePeer } from './use-cases/peers.ts'
import { publish } from './use-cases/publish.ts'
import { changeRelation, listPublishers } from './use-cases/relations.ts'
import { search } from './use-cases/search.ts'
import { status } from './use-cases/status.ts'
import { why } from './use-cases/why.ts'

/** The use cases of a running node, as the HTTP API offers them. */
export function servicesOf(node: NodeContext): NodeServices {
  return {
    status: () => status(node),
    publish: (request, bytes) => publish(node, request, bytes),
    search: request => search(node, request),
    info: purl => info(node, purl),
    install: (request, signal) => install(node, request, signal),
    openArtifact: sha256 => openArtifact(node, sha256 as Sha256),
    changeRelation: change => changeRelation(node, change),
    publishers: () => listPublishers(node),
    peers: () => listPeers(node),
    addPeer: multiaddr => addPeer(node, multiaddr),
    removePeer: peer => removePeer(node, peer),
    routes: async () => node.routes.list(),
    addRoute: async route => {
      await node.routes.add(route)
      await node.audit.append({ at: Date.now(), who: 'api', what: 'route.add', ...route })
      return node.routes.list()
    },
    removeRoute: async match => {
      await node.routes.remove(match)
      await node.audit.append({ at: Date.now(), who: 'api', what: 'route.remove', match })
      return node.routes.list()
    },
    why: purl => why(node, purl),
    config: async () =>
      settingLinesOf(node.loaded, { routes: node.routes.list(), file: configPathOf(node.paths.home) }),
    keys: () => listKeys(node),
    exportKeys: () => exportRecovery(node),
    backup: passphrase => backup(node, passphrase ?? node.backupPassphrase),
    doctor: repair => doctor(node, repair),
    health: async () => ({
      ready: node.problems().length === 0,
      checks: {
        problems: node.problems().join('; ') || 'none',
        bootstrap: bootstrapProblem(node) ?? 'ok',
        catalogue: digestText(node.library.catalogue.digest()),
      },
    }),
    metrics: async () => ({ contentType: node.metrics.contentType, body: await node.metrics.text() }),
  }
}

async function openArtifact(node: NodeContext, sha256: Sha256) {
  const held = await node.artifacts.open(sha256)
  if (held === null)
    throw new NodeError('E_NOT_FOUND', `artifact ${sha256} is not held here`, { hint: 'hanse install PURL' })
  return { size: held.size, stream: Readable.from(held.bytes) }
}

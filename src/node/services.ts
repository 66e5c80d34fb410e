import { Readable } from 'node:stream'
import { digestText, type Sha256 } from '../protocol/index.ts'
import { configPathOf, settingLinesOf } from './config/index.ts'
import { NodeError } from './errors.ts'
import type { NodeServices } from './http/services.ts'
import type { NodeContext } from './node-context.ts'
import { takeOverState } from './registries/npm/index.ts'
import { requireAdmitted } from './storage/index.ts'
import { listAdvisories, removeAdvisory } from './use-cases/advisories.ts'
import { importAdvisories } from './use-cases/advisory-import.ts'
import { addToAudience, listAudiences, removeFromAudience } from './use-cases/audiences.ts'
import { backup } from './use-cases/backup.ts'
import { bootstrapProblem } from './use-cases/bootstrap-health.ts'
import { listPins, pinCached, unpinCached } from './use-cases/cache-pins.ts'
import { pruneCache } from './use-cases/cache-prune.ts'
import { cacheStats } from './use-cases/cache-stats.ts'
import { verifyCache } from './use-cases/cache-verify.ts'
import { clientSettings } from './use-cases/client-settings.ts'
import { complete } from './use-cases/complete.ts'
import { doctor } from './use-cases/doctor.ts'
import { showFederation } from './use-cases/federation.ts'
import { info } from './use-cases/info.ts'
import { install } from './use-cases/install.ts'
import { exportRecovery, listKeys } from './use-cases/keys.ts'
import { lastWithheld } from './use-cases/last-withheld.ts'
import { addMember, listMembers, removeMember } from './use-cases/members.ts'
import { listOwnPackages } from './use-cases/own-packages.ts'
import { addPeer, listPeers, removePeer } from './use-cases/peers.ts'
import { policyServicesOf } from './use-cases/policy-services.ts'
import { parseBlockId, publicArtifact, publicBlock } from './use-cases/public-bytes.ts'
import { publish } from './use-cases/publish.ts'
import { listPurges, purge, undoPurge } from './use-cases/purge.ts'
import { reachabilityText } from './use-cases/reachability.ts'
import { changeRelation, listPublishers } from './use-cases/relations.ts'
import { search } from './use-cases/search/search.ts'
import { status } from './use-cases/status.ts'
import { createToken, listTokens, revokeToken } from './use-cases/tokens.ts'
import { addUpstream, listUpstreams, removeUpstream } from './use-cases/upstreams.ts'
import { why } from './use-cases/why.ts'

/** The use cases of a running node, as the HTTP API offers them. */
export function servicesOf(node: NodeContext): NodeServices {
  return {
    status: asker => status(node, asker),
    publish: (request, bytes) => publish(node, request, bytes),
    search: request => search(node, request),
    complete: async request => complete(node, request),
    info: purl => info(node, purl),
    install: async (request, signal) => {
      await node.caughtUp()
      return await install(node, request, signal)
    },
    openArtifact: sha256 => openArtifact(node, sha256 as Sha256),
    publicBytes: {
      artifact: sha256 => publicArtifact(node, sha256 as Sha256),
      whole: async cid => publicArtifact(node, parseBlockId(cid)),
      block: async cid => publicBlock(node, parseBlockId(cid)),
    },
    changeRelation: (change, who) => changeRelation(node, change, who),
    publishers: () => listPublishers(node),
    peers: () => listPeers(node),
    transfers: async () => node.fetcher.transfers(),
    federation: publisher => showFederation(node, publisher),
    addPeer: (multiaddr, who) => addPeer(node, multiaddr, who),
    removePeer: (peer, who) => removePeer(node, peer, who),
    routes: async () => node.routes.list(),
    addRoute: async (route, who) => {
      await node.routes.add(route)
      await node.audit.append({ at: Date.now(), who, what: 'route.add', ...route })
      return node.routes.list()
    },
    removeRoute: async (match, who) => {
      await node.routes.remove(match)
      await node.audit.append({ at: Date.now(), who, what: 'route.remove', match })
      return node.routes.list()
    },
    audiences: {
      list: async () => listAudiences(node),
      add: (name, peers, who) => addToAudience(node, name, peers, who),
      remove: (name, peers, who) => removeFromAudience(node, name, peers, who),
    },
    members: {
      list: async () => listMembers(node),
      add: (peer, name, who) => addMember(node, peer, name, who),
      remove: (peer, who) => removeMember(node, peer, who),
    },
    why: purl => why(node, purl),
    lastWithheld: names => lastWithheld(node, names),
    tokens: {
      list: () => listTokens(node),
      create: (wanted, who) => createToken(node, wanted, who),
      revoke: (name, who) => revokeToken(node, name, who),
    },
    ownPackages: type => listOwnPackages(node, type),
    clientSettings: () => clientSettings(node),
    takeOver: state => takeOverState(node, state),
    upstreams: {
      list: () => listUpstreams(node),
      add: (upstream, who) => addUpstream(node, upstream, who),
      remove: (name, who) => removeUpstream(node, name, who),
    },
    cache: cacheServicesOf(node),
    purges: {
      list: async () => listPurges(node),
      purge: (what, reference, who) => purge(node, what, reference, who),
      undo: (what, who) => undoPurge(node, what, who),
    },
    policy: policyServicesOf(node),
    advisories: {
      list: query => listAdvisories(node, query),
      import: (documents, who) => importAdvisories(node, documents, who),
      remove: (id, who) => removeAdvisory(node, id, who),
    },
    config: async () =>
      settingLinesOf(node.loaded, { routes: node.routes.list(), file: configPathOf(node.paths.home) }),
    keys: () => listKeys(node),
    exportKeys: who => exportRecovery(node, who),
    backup: (passphrase, who) => backup(node, passphrase ?? node.backupPassphrase, who),
    doctor: repair => doctor(node, repair),
    health: async () => {
      await node.disk.look()
      return healthOf(node)
    },
    metrics: async () => ({ contentType: node.metrics.contentType, body: await node.metrics.text() }),
  }
}

const catalogueTextOf = (digest: Sha256 | null): string => (digest === null ? 'damaged' : digestText(digest))

const healthOf = (node: NodeContext) => ({
  ready: node.problems().length === 0 && node.freshness() !== 'catching up',
  checks: {
    problems: node.problems().join('; ') || 'none',
    bootstrap: bootstrapProblem(node) ?? 'ok',
    freshness: node.freshness(),
    reachable: reachabilityText(node),
    catalogue: catalogueTextOf(node.library.digest()),
  },
})

const cacheServicesOf = (node: NodeContext): NodeServices['cache'] => ({
  stats: () => cacheStats(node),
  prune: (request, who) => pruneCache(node, request, who),
  pins: async () => listPins(node),
  pin: (purl, who, signal) => pinCached(node, purl, who, signal),
  unpin: (purl, who) => unpinCached(node, purl, who),
  verify: signal => verifyCache(node, signal),
})

async function openArtifact(node: NodeContext, sha256: Sha256) {
  requireAdmitted(node.purges, { sha256 })
  const held = await node.artifacts.open(sha256)
  if (held === null)
    throw new NodeError('E_NOT_FOUND', `artifact ${sha256} is not held here`, { hint: 'hanse install PURL' })
  return { size: held.size, stream: Readable.from(held.bytes) }
}

import type { Clock } from '../../federation/index.ts'
import type { BlockId, PackageName, PeerId, PublisherId } from '../../protocol/index.ts'
import type { UpstreamSetting } from '../config/index.ts'
import type { NodeContext } from '../node-context.ts'
import type { UpstreamSettings } from '../upstream/settings.ts'
import { ComparedDigests } from './compared-digests.ts'
import { documentOpener } from './document-opener.ts'
import { MadePackuments } from './made-packuments.ts'
import { originIdentityOf } from './origin-identity.ts'
import { OriginKeeper, type StatedUpstream } from './origin-keeper.ts'
import { OriginStatements } from './origin-statements.ts'
import { OriginVoices } from './origin-voices.ts'
import { PeerBytes, type StatedBytes } from './peer-bytes.ts'
import { PulledTarballs } from './pulled-tarballs.ts'
import { type NoticedUpstream, sharingNoticeOf } from './sharing-notice.ts'
import { statedUpstreamOf } from './stated-upstream.ts'
import { UpstreamWord } from './upstream-word.ts'

/** What sharing needs of the node. */
export type SharingNode = Pick<
  NodeContext,
  | 'library'
  | 'relations'
  | 'routes'
  | 'writer'
  | 'artifacts'
  | 'database'
  | 'streams'
  | 'protocols'
  | 'absent'
  | 'config'
  | 'connectedPeers'
  | 'purges'
  | 'ledger'
>

export interface SharingParts {
  /** The node, once it is put together. */
  readonly node: () => SharingNode
  /** This node's own peer id. */
  readonly peer: PeerId
  readonly own: PublisherId
  readonly library: NodeContext['library']
  readonly relations: NodeContext['relations']
  /** An upstream as config.yaml or a command set it up. */
  readonly settingOf: (upstream: string) => UpstreamSetting | undefined
  /** Folder of the caches of all upstreams. */
  readonly upstreamFolder: string
  readonly clock: Clock
  readonly providersOf: (bytes: StatedBytes, signal: AbortSignal) => AsyncIterable<PeerId>
  /** One line for people. */
  readonly log: (message: string) => void
}

/**
 * "Cache for others": what this node states about the upstreams it pulls from, what publishers allowed for origin state, and what
 * follows when the words differ.
 */
export class Sharing implements AsyncDisposable {
  readonly #parts: SharingParts
  readonly #statements: OriginStatements
  readonly #compared = new ComparedDigests()
  readonly #voices: OriginVoices
  #made: { readonly keeper: OriginKeeper; readonly bytes: PeerBytes; readonly packuments: MadePackuments } | null = null

  constructor(parts: SharingParts) {
    const { own, library, relations } = parts
    this.#parts = parts
    this.#statements = new OriginStatements({ own, library, relations })
    this.#voices = new OriginVoices({ own, relations, statements: this.#statements, compared: this.#compared })
  }

  /** Who disagrees with whom about the bytes of a version of the upstream that its name is routed to, and what ends it; null: nobody. */
  disputeOf(name: PackageName, version: string): string | null {
    const upstream = this.#voices.mayDispute(name, version) ? this.#identityFor(name) : null
    return upstream === null ? null : this.#voices.disputeOf(name, upstream, version)
  }

  /** What publishers that are only followed say otherwise; it holds nothing. Null: nothing. */
  hearsayOf(name: PackageName, version: string): string | null {
    const upstream = this.#identityFor(name)
    return upstream === null ? null : this.#voices.hearsayOf(name, upstream, version)
  }

  /** Whether what is pulled is stated: it is switched on, and there is a network to hear it. */
  get isStating(): boolean {
    const { share, network } = this.#parts.node().config
    return share.upstreams && network.mode !== 'off'
  }

  /** What is told of these upstreams and of which others nothing is, in a sentence; null: nothing is told. */
  notice(upstreams: readonly NoticedUpstream[]): string | null {
    return this.isStating ? sharingNoticeOf(upstreams, name => this.#identityOf(name) !== null) : null
  }

  /** A peer came: what nobody could hear before is signed now. */
  look(): void {
    this.#made?.keeper.look()
  }

  /** What the federation says of an upstream that is about to be opened; null: it has no name that others know. */
  wordOf(settings: UpstreamSettings): UpstreamWord | null {
    const { name, trustTime } = settings
    const upstream = settings.credentials.kind === 'none' ? this.#identityOf(name) : null
    if (upstream === null) return null
    const { keeper, bytes, packuments } = this.#open()
    const { artifacts } = this.#parts.node()
    if (this.isStating) keeper.opened(name, this.#statedOf(settings, upstream))
    return new UpstreamWord({
      ...{ upstream, trustTime, bytes, artifacts },
      ...{ statements: this.#statements, compared: this.#compared, made: packuments },
      disputeOf: (purl, version) => this.#voices.disputeOf(purl, upstream, version),
      onKept: (npmName, version) => keeper.pulled(name, npmName, version),
      onClose: () => keeper.closed(name),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#made?.keeper[Symbol.asyncDispose]()
  }

  #identityOf(upstream: string): string | null {
    return originIdentityOf(upstream, this.#parts.settingOf(upstream))
  }

  #identityFor(name: PackageName): string | null {
    const route = this.#parts.node().routes.resolve(name)
    return route.to === 'upstream' ? this.#identityOf(route.name) : null
  }

  #open() {
    if (this.#made !== null) return this.#made
    const bytes = this.#peerBytes()
    const open = documentOpener(bytes, this.#parts.node().artifacts)
    const packuments = new MadePackuments({ open, now: Date.now })
    this.#made = { keeper: this.#keeper(), bytes, packuments }
    return this.#made
  }

  #keeper(): OriginKeeper {
    const { peer, clock, log, own, library } = this.#parts
    const { writer, connectedPeers, artifacts } = this.#parts.node()
    const held = () => library.catalogue.publisher(own)?.holds.find(each => each.peer === peer)
    return new OriginKeeper({
      ...{ writer, peer, clock },
      hasPeers: () => connectedPeers().length > 0,
      heldAsStated: () => [...(held()?.cids ?? [])] as BlockId[],
      isHeld: cid => artifacts.has(cid),
      onFailed: why => log(`what was pulled could not be signed for others, and is tried again: ${why}`),
    })
  }

  #statedOf({ name, url }: UpstreamSettings, upstream: string): StatedUpstream {
    const { own, upstreamFolder } = this.#parts
    const { database, artifacts, routes, ledger } = this.#parts.node()
    return statedUpstreamOf({
      ...{ upstream, artifacts },
      pulled: new PulledTarballs(database, upstreamFolder, { name, url }),
      stated: (purl, version) => this.#statements.ofPublisher(own, purl, upstream).get(version) ?? [],
      kept: stored => ledger.kept(stored),
      isRouted: purl => {
        const route = routes.resolve(purl)
        return route.to === 'upstream' && route.name === name
      },
    })
  }

  #peerBytes(): PeerBytes {
    const { clock, providersOf, log, library } = this.#parts
    const { streams, protocols, artifacts, config, connectedPeers, absent, relations, purges, ledger } =
      this.#parts.node()
    const publishers = () => [...this.#statements.believed()]
    const holds = (peer: PeerId, { artifact: { cid }, publisher }: StatedBytes) =>
      publishers().some(id =>
        library.catalogue
          .publisher(id)
          ?.holds.some(each => each.peer === peer && (each.cids.has(cid) || each.publishers.has(publisher))),
      )
    return new PeerBytes({
      ...{ streams, protocol: protocols.content, store: artifacts, clock, providersOf },
      isWanted: artifact => artifact.size <= config.limits.artifactBytes && purges.whyOf(artifact) === null,
      onBrought: artifact => ledger.kept(artifact),
      hurriedMs: config.share.peerTimeoutMs,
      connectedHolders: bytes =>
        connectedPeers().filter(peer => !absent.has(bytes.publisher, peer, Date.now()) && holds(peer, bytes)),
      onMiss: ({ publisher }, peer) => absent.add(publisher, peer, Date.now()),
      onProblem: problem => log(`what peers have of an upstream could not be stored: ${String(problem)}`),
      onLie: ({ publisher, artifact }) =>
        log(`${relations.nameOf(publisher)} states other bytes than their digest says: ${artifact.cid} was not used`),
    })
  }
}

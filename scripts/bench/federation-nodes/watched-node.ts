import { multiaddr } from '@multiformats/multiaddr'
import { announcementCodecOf } from '../../../src/federation/index.ts'
import { openHome } from '../../../src/node/composition/open-home.ts'
import { openNode } from '../../../src/node/composition/open-node.ts'
import { loadConfig, settingValuesOf, writeProfile } from '../../../src/node/config/index.ts'
import type { NodeContext } from '../../../src/node/node-context.ts'
import { openDataDirectory } from '../../../src/node/storage/index.ts'
import {
  type BlockId,
  type PeerId,
  type PublisherId,
  type ReleaseName,
  type Sha256,
  topicsOf,
} from '../../../src/protocol/index.ts'
import type { Published, Sight, Started } from './messages.ts'

/** The inside of gossipsub that the benchmark counts at. */
interface Inside {
  getMeshPeers(topic: string): readonly string[]
  handleReceivedMessage(from: unknown, message: { data?: Uint8Array }): Promise<void>
}

const NET = 'main'
const TOPIC = topicsOf(NET)[0]!
/** The empty file: nothing of this is installed. */
const NO_BYTES = {
  cid: 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku' as BlockId,
  size: 0,
  sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' as Sha256,
}
/** Makes an announcement about 1 kB long. */
const DESCRIPTION = 'a package of the benchmark '.repeat(20).trim()

/** One real node, all of it but the HTTP API, and what it saw of which record when. */
export class WatchedNode implements AsyncDisposable {
  readonly #node: NodeContext
  readonly #stack: AsyncDisposableStack
  readonly #acceptedAt: { readonly bytes: Uint8Array; readonly at: number }[] = []
  readonly #storedAt = new Map<string, number>()
  #publishedAt = 0
  #copies = 0

  private constructor(node: NodeContext, stack: AsyncDisposableStack) {
    this.#node = node
    this.#stack = stack
    this.#watch()
  }

  static async start(home: string): Promise<WatchedNode> {
    await using stack = new AsyncDisposableStack()
    const flags = settingValuesOf({ network: 'public', listen: ['/ip4/127.0.0.1/tcp/0'] })
    const paths = stack.use(await openDataDirectory(home))
    await writeProfile(home, 'publisher')
    const loaded = await loadConfig({ home, env: {}, flags })
    const opened = await openHome(stack, paths, loaded)
    const node = await openNode(stack, opened, loaded, { backupPassphrase: undefined, variables: {} })
    return new WatchedNode(node, stack.move())
  }

  get started(): Started {
    return { address: String(this.#node.libp2p.getMultiaddrs()[0]), publisher: this.#node.writer.publisher }
  }

  get meshPeers(): number {
    return (this.#node.libp2p.services.pubsub as unknown as Inside).getMeshPeers(TOPIC).length
  }

  get connections(): number {
    return this.#node.libp2p.getPeers().length
  }

  async follow(publishers: readonly string[]): Promise<void> {
    for (const publisher of publishers as PublisherId[])
      if (publisher !== this.#node.writer.publisher) await this.#node.relations.change(publisher, { do: 'follow' })
    this.#node.applyRelations()
  }

  async dial(address: string): Promise<void> {
    const peer = address.split('/p2p/').at(-1) as PeerId
    await this.#node.dial({ peer, addresses: [String(multiaddr(address))] }, AbortSignal.timeout(30_000))
  }

  async publish(name: string): Promise<Published> {
    const purl = `pkg:npm/${name}@1.0.0` as ReleaseName
    const summary = { description: DESCRIPTION, keywords: [] }
    const op = { op: 'release', purl, artifacts: [{ name: 'x.tgz', ...NO_BYTES }], summary } as const
    const { id } = await this.#node.writer.write('public', [op])
    this.#storedAt.set(id, now())
    return { id, at: this.#publishedAt }
  }

  has(record: string): boolean {
    return this.#storedAt.has(record)
  }

  sights(): Omit<Sight, 'node'>[] {
    const codec = announcementCodecOf({ net: NET })
    const accepted = new Map<string, number>()
    for (const { bytes, at } of this.#acceptedAt) {
      const opened = codec.open(bytes)
      if (typeof opened === 'object') accepted.set(opened.claim.id, at)
    }
    const ids = new Set([...accepted.keys(), ...this.#storedAt.keys()])
    return [...ids].map(id => ({
      ...{ id, acceptedAt: accepted.get(id) ?? null, storedAt: this.#storedAt.get(id) ?? null },
    }))
  }

  /** Announcements that arrived since the last call. */
  takeCopies(): number {
    const copies = this.#copies
    this.#copies = 0
    return copies
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }

  #watch(): void {
    const { pubsub } = this.#node.libp2p.services
    const judge = pubsub.topicValidators.get(TOPIC)!
    pubsub.topicValidators.set(TOPIC, async (peer, message) => {
      const answer = await judge(peer, message)
      if (answer === 'accept') this.#acceptedAt.push({ bytes: message.data, at: now() })
      return answer
    })
    const publish = pubsub.publish.bind(pubsub)
    pubsub.publish = async (topic, bytes) => {
      this.#publishedAt = now()
      return await publish(topic, bytes)
    }
    const inside = pubsub as unknown as Inside
    const receive = inside.handleReceivedMessage.bind(pubsub)
    inside.handleReceivedMessage = (from, message) => {
      this.#copies++
      return receive(from, message)
    }
    this.#node.library.onChange(records => {
      for (const { id } of records) this.#storedAt.set(id, now())
    })
  }
}

/** Now, ms since 1970 with its fractions: all processes of one machine agree on it. */
export const now = (): number => performance.timeOrigin + performance.now()

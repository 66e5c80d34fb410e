import { type PublisherId, ROOT_FEED, type WellFormedRecord } from '../../../src/protocol/index.ts'
import { overBounds } from './bounds.ts'
import { Publisher } from './cast.ts'
import { HostilePeer, TRAITS, type Trait } from './hostile-peer.ts'
import { Ledger } from './ledger.ts'
import { Network } from './network.ts'
import { SimulatedNode } from './simulated-node.ts'
import { accomplice, alibi } from './villainy.ts'
import { World } from './world.ts'
import { claimedMs, honestPublisher, INTENTS, type Intent, LAST_INTENT } from './writers.ts'

export const writers = [honestPublisher('early'), honestPublisher('late')] as const
export const twoFaced = new Publisher('two-faced')
const stem = twoFaced.chain(2, null, 'stem')
const branches = [twoFaced.chain(3, stem[1]!, 'left'), twoFaced.chain(2, stem[1]!, 'right')] as const
/** More rivals than a feed keeps: beyond those only what a void names is taken. */
const crowd = Array.from({ length: 11 }, (_, i) => twoFaced.chain(1, stem[1]!, `crowd ${i}`)[0]!)
const pin = twoFaced.void(branches[0][2]!)
const scripted = [twoFaced, accomplice]
export const publisherIds: readonly PublisherId[] = [...writers, ...scripted].map(({ id }) => id)

const DAY_MS = 86_400_000
/** Bounds are looked at this often, ms. */
const LOOK_MS = 2_000
/** How long until who could not write tries again, ms. */
const RETRY_MS = 3_000
/** A node that takes longer to start or to stop waits for what never comes, ms. */
const LONGEST_WORK_MS = 120_000

export type Link = readonly [SimulatedNode, SimulatedNode]

/** Who takes part in the world of one seed: 4 to 7 honest nodes, and hostile peers that are three in ten of all. */
export class Stage {
  readonly world: World
  readonly network: Network
  readonly ledger = new Ledger()
  readonly nodes: readonly SimulatedNode[]
  readonly links: readonly Link[]
  /** The traits of each hostile peer. */
  readonly hostile: readonly string[]
  /** Whether a void ends the fork of the two-faced publisher. */
  readonly isPinned: boolean
  readonly #skewsMs: readonly number[]
  readonly #backups = new Map<SimulatedNode, ReturnType<SimulatedNode['disk']['backup']>>()

  constructor(seed: number) {
    this.world = new World(seed)
    const { random } = this.world
    this.network = new Network(this.world, { loss: random() * 0.4, duplication: random() * 0.3 })
    const count = 4 + this.below(4)
    this.#skewsMs = Array.from({ length: count }, () => (this.below(3) - 1) * Math.round(random() * DAY_MS))
    this.nodes = this.#skewsMs.map((aheadMs, i) => this.#node(i, aheadMs))
    this.links = this.#linksOf()
    this.isPinned = random() < 0.5
    for (const node of this.nodes) void node.start()
    this.hostile = this.#surround()
    this.world.after(100, () => {
      for (const [a, b] of this.links) this.network.dial(a, b)
    })
    this.#look()
    this.#publish()
  }

  below(limit: number): number {
    return Math.floor(this.world.random() * limit)
  }

  /** Every record that each honest node has to hold at the end. */
  needed(): WellFormedRecord[] {
    const told = writers.flatMap((_, i) => this.#written(i))
    const fork = this.isPinned ? [pin] : branches[1]
    return [...told, twoFaced.genesis, twoFaced.delegate, ...stem, ...branches[0], ...fork, ...alibi]
  }

  /** Where the two-faced publisher's feed ends for everybody, and why. */
  verdict(): string {
    return this.isPinned ? `void ${branches[0][2]!.id}` : `fork ${stem[1]!.id}`
  }

  /** A writer's disk is put back to an older state; it must go on where its feed ended, not where its disk does. */
  async rollBackAWriter(): Promise<void> {
    const index = this.below(writers.length)
    const node = this.nodes[index]!
    const backup = this.#backups.get(node)
    if (backup === undefined) return
    await this.#settled(node.rollBack(backup))
    for (const [a, b] of this.links) if (a === node || b === node) this.network.dial(a, b)
    this.#write(node, LAST_INTENT)
    await this.world.runUntil(this.world.now() + 20_000)
  }

  /** Takes note of what every writer's disk holds now. */
  backUp(): void {
    for (const [i] of writers.entries()) this.#backups.set(this.nodes[i]!, this.nodes[i]!.disk.backup())
  }

  /** Starts a node again, and dials those it knows. */
  async restart(node: SimulatedNode): Promise<void> {
    try {
      await node.start()
    } catch (error) {
      node.faults.push(`${node.peer} does not start again: ${error}`)
    }
    for (const [a, b] of this.links) if (a === node || b === node) this.network.dial(a, b)
  }

  /** Ends all nodes in order; time goes on meanwhile, because a write that is under way takes some. */
  async close(): Promise<void> {
    for (const { life } of this.nodes) if (life !== null) await this.#settled(life.close())
  }

  #node(i: number, aheadMs: number): SimulatedNode {
    const writer = writers[i]
    const node = new SimulatedNode(this.network, `node${i}`, {
      ...{ ledger: this.ledger, publishers: scripted, aheadMs },
      alsoFollowed: writers.map(({ id }) => id),
      ...(writer && { identity: writer.identity, writes: writer.id, hiddenFeed: writer.hiddenFeed }),
    })
    this.network.add(node)
    return node
  }

  /** A connected graph: a random tree and a few links more. */
  #linksOf(): Link[] {
    const pick = (limit: number) => this.nodes[this.below(limit)]!
    const tree = this.nodes.slice(1).map((node, i) => [node, pick(i + 1)] as const)
    const more = this.nodes.map(node => [node, pick(this.nodes.length)] as const).filter(([a, b]) => a !== b)
    return [...tree, ...more.slice(0, 3)]
  }

  /** Hostile peers, each linked to about every second node before anyone else is. */
  #surround(): string[] {
    const count = Math.round((this.nodes.length * 3) / 7)
    return Array.from({ length: count }, (_, i) => {
      const traits = TRAITS.filter(() => this.below(3) === 0)
      const mix: readonly Trait[] = traits.length > 0 ? traits : [TRAITS[this.below(TRAITS.length)]!]
      const peer = new HostilePeer(this.network, `hostile${i}`, {
        ...{ ledger: this.ledger, traits: mix, mayBePinned: [twoFaced.id] },
      })
      this.network.add(peer)
      for (const node of this.nodes) if (this.below(2) === 0) this.world.after(80, () => this.network.dial(peer, node))
      return mix.join(' + ')
    })
  }

  /**
   * Two publishers write with the product's writer; the two-faced one shows different branches at two nodes, and where a void ends
   * that, one node has as many rivals as it keeps before it hears of the true branch. The accomplice has an alibi at one.
   */
  #publish(): void {
    const [left, right] = [this.nodes[1]!, this.nodes.at(-1)!]
    for (const [i] of writers.entries()) this.#writeAll(this.nodes[i]!, INTENTS, 7_000)
    this.#sayAll(left, [twoFaced.genesis, twoFaced.delegate, ...stem, ...branches[0]], this.isPinned ? 0 : 8_000)
    const others = [...branches[1], ...(this.isPinned ? crowd : [])]
    this.#sayAll(right, [twoFaced.genesis, twoFaced.delegate, ...stem, ...others], this.isPinned ? 0 : 8_000)
    this.#sayAll(this.nodes[2]!, alibi, 4_000)
    if (this.isPinned) this.world.after(this.world.random() * 60_000, () => this.#sayAll(left, [pin], 0))
  }

  #writeAll(node: SimulatedNode, [intent, ...rest]: readonly Intent[], apartMs: number): void {
    if (intent === undefined) return
    const next = () => this.#writeAll(node, rest, apartMs)
    this.world.after(200 + this.world.random() * apartMs, () => this.#write(node, intent, next))
  }

  /** Writes once; what fails because the node is down is tried again. */
  #write(node: SimulatedNode, intent: Intent, next: () => void = () => {}): void {
    const index = this.nodes.indexOf(node)
    const life = node.life
    const again = () => this.world.after(RETRY_MS, () => this.#write(node, intent, next))
    if (life === null) return void again()
    const before = this.#written(index).filter(({ feed }) => feed !== ROOT_FEED)
    const { visibility, op } = intent(before)
    const written = life.writer!.write(visibility, [op], claimedMs(this.#skewsMs[index]!))
    written.then(next, error => {
      if (node.life === life) node.faults.push(`${node.peer} could not write: ${error}`)
      else again()
    })
  }

  #sayAll(node: SimulatedNode, [record, ...rest]: readonly WellFormedRecord[], apartMs: number): void {
    if (record === undefined) return
    const next = () => this.#sayAll(node, rest, apartMs)
    const say = () => {
      const life = node.life
      const again = () => this.world.after(RETRY_MS, say)
      if (life === null) return void again()
      life.say(record, branches[0].includes(record)).then(() => {
        if (!this.ledger.written.includes(record)) this.ledger.written.push(record)
        next()
      }, again)
    }
    this.world.after(200 + this.world.random() * apartMs, say)
  }

  /** What a writer was told is safe, in the order of its feeds. */
  #written(index: number): WellFormedRecord[] {
    const { id } = writers[index]!
    return this.ledger.written.filter(({ publisher }) => publisher === id)
  }

  /** @throws Error when the work is not done after all the time that any honest node may take for it */
  async #settled(work: Promise<void>): Promise<void> {
    let isDone = false
    const done = () => {
      isDone = true
    }
    work.then(done, done)
    const end = this.world.now() + LONGEST_WORK_MS
    while (!isDone && this.world.now() < end) await this.world.runUntil(this.world.now() + 50)
    if (!isDone) throw new Error('a node neither starts nor stops')
    await work
  }

  #look(): void {
    for (const node of this.nodes)
      for (const fault of overBounds(node)) if (!node.faults.includes(fault)) node.faults.push(fault)
    this.world.after(LOOK_MS, () => this.#look())
  }
}

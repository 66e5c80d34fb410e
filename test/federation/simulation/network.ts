import type { PeerId } from '../../../src/protocol/index.ts'
import type { Participant } from './participant.ts'
import type { World } from './world.ts'

/** How bad the network is: shares of messages, 0 to 1. */
export interface Weather {
  loss: number
  duplication: number
}

/** Time after which a peer that was not let in is dialled again, ms. */
const REDIAL_MS = 10_000

/** The links between participants; messages are delayed, and so reordered, lost and doubled by chance. */
export class Network {
  readonly world: World
  readonly weather: Weather
  readonly #participants = new Map<PeerId, Participant>()
  readonly #links = new Set<string>()
  #isApart: (a: Participant, b: Participant) => boolean = () => false

  constructor(world: World, weather: Weather) {
    this.world = world
    this.weather = weather
  }

  add(participant: Participant): void {
    this.#participants.set(participant.peer, participant)
  }

  /** Everyone this one is linked to. */
  neighbours(one: Participant): Participant[] {
    return [...this.#participants.values()].filter(other => other !== one && this.isLinked(one, other))
  }

  isLinked(a: Participant, b: Participant): boolean {
    return this.#links.has(linkOf(a, b))
  }

  /** Links the two, or tries again until both ends admit it. */
  dial(a: Participant, b: Participant): void {
    if (this.isLinked(a, b)) return
    if (this.#isApart(a, b) || !a.admits(b.peer) || !b.admits(a.peer)) {
      this.world.after(REDIAL_MS, () => this.dial(a, b))
      return
    }
    this.#links.add(linkOf(a, b))
    a.connected(b.peer)
    b.connected(a.peer)
  }

  cut(a: Participant, b: Participant): void {
    if (!this.#links.delete(linkOf(a, b))) return
    a.disconnected(b.peer)
    b.disconnected(a.peer)
  }

  /** Cuts every link that `isApart` and lets none of them come back, until it is called again. */
  partition(isApart: (a: Participant, b: Participant) => boolean): void {
    this.#isApart = isApart
    for (const a of this.#participants.values()) for (const b of this.neighbours(a)) if (isApart(a, b)) this.cut(a, b)
  }

  at(peer: PeerId): Participant {
    return this.#participants.get(peer)!
  }

  /** Delivers after a delay, or not, or twice. */
  send(from: Participant, to: Participant, deliver: () => void): void {
    const { random } = this.world
    if (random() < this.weather.loss) return
    const copies = random() < this.weather.duplication ? 2 : 1
    for (let i = 0; i < copies; i++)
      this.world.after(5 + random() * 200, () => {
        if (this.isLinked(from, to)) deliver()
      })
  }

  /** A request on the kept stream between the two, and its answers. */
  async *request(
    from: Participant,
    peer: PeerId,
    payload: Uint8Array,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const to = this.at(peer)
    await this.#passage(from, to, signal)
    for await (const part of to.answers(from.peer, payload, signal)) {
      await this.#passage(to, from, signal)
      to.delivered?.(from.peer, part)
      yield part
    }
  }

  /** One way of a kept stream: nothing is doubled, but what is lost never comes. */
  #passage(from: Participant, to: Participant, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')))
      if (signal.aborted) reject(new Error('aborted'))
      if (this.world.random() < this.weather.loss) return
      this.world.after(5 + this.world.random() * 50, () => {
        if (this.isLinked(from, to)) resolve()
      })
    })
  }
}

const linkOf = (a: Participant, b: Participant): string => [a.peer, b.peer].sort().join(' ')

import type { ByteDuplex } from '../../src/federation/index.ts'
import type { Chance } from './chance.ts'
import { blocksSwapped, flipped } from './spoil.ts'

/** How a peer, or something on the way to it, spoils the frames of an answer. */
export const STREAM_SPOILINGS = ['flip', 'swap-blocks', 'swap-frames', 'truncate', 'swap-artifacts'] as const
export type StreamSpoiling = (typeof STREAM_SPOILINGS)[number]

/** A stream whose sender's frames behind the greeting are spoilt once, in the frame with this number. */
export class CorruptingStream implements ByteDuplex {
  readonly #stream: ByteDuplex
  readonly #spoiling: StreamSpoiling
  readonly #chance: Chance
  #countdown: number
  #held: Uint8Array | null = null

  constructor(stream: ByteDuplex, spoiling: StreamSpoiling, frame: number, chance: Chance) {
    this.#stream = stream
    this.#spoiling = spoiling
    this.#chance = chance
    this.#countdown = frame + 1
  }

  async send(bytes: Uint8Array): Promise<void> {
    const held = this.#held
    if (held !== null) {
      this.#held = null
      await this.#stream.send(bytes)
      return await this.#stream.send(held)
    }
    if (this.#countdown-- !== 0) return await this.#stream.send(bytes)
    if (this.#spoiling === 'flip') return await this.#stream.send(flipped(bytes, this.#chance))
    if (this.#spoiling === 'swap-blocks') return await this.#stream.send(blocksSwapped(bytes, this.#chance))
    if (this.#spoiling === 'swap-frames') {
      this.#held = bytes
      return
    }
    if (this.#spoiling !== 'truncate') return await this.#stream.send(bytes)
    await this.#stream.send(bytes.subarray(0, this.#chance.below(bytes.length)))
    await this.#stream.close()
  }

  onData(take: (bytes: Uint8Array) => void): void {
    this.#stream.onData(take)
  }
  onClose(closed: (error?: Error) => void): void {
    this.#stream.onClose(closed)
  }
  close(): Promise<void> {
    return this.#stream.close()
  }
  abort(error: Error): void {
    this.#stream.abort(error)
  }
}

import { byteText } from './byte-text.ts'

/** What of a transfer the node tells, as far as it is shown. */
export interface TransferAnswer {
  readonly asked: readonly string[]
  readonly fileName: string
  readonly size: number
  readonly bytes: number
  readonly kept: number
  readonly forMs: number
  readonly mirrors: readonly unknown[]
}

/** How far back the rate looks, ms: long enough to be read, short enough to follow the line. */
const RATE_MS = 3_000

interface Sample {
  readonly bytes: number
  readonly forMs: number
}

/** One transfer as a line: bytes so far of the whole, rate, from how many peers. Keeps the last few seconds, by the node's clock. */
export class TransferLine {
  readonly #samples: Sample[] = []

  /** The line with what the node told last. */
  told({ fileName, size, bytes, kept, forMs, mirrors }: TransferAnswer): string {
    const last = this.#samples.at(-1)
    if (last !== undefined && last.forMs > forMs) this.#samples.length = 0 // another fetch began
    if (this.#samples.length === 0) this.#samples.push({ bytes: kept, forMs: 0 })
    this.#samples.push({ bytes, forMs })
    while ((this.#samples[1]?.forMs ?? forMs) <= forMs - RATE_MS) this.#samples.shift()
    const parts = [
      `${fileName}  ${byteText(bytes)} of ${byteText(size)}`,
      size > 0 ? `${Math.floor((bytes / size) * 100)} %` : '',
      this.#rateText(),
      peersText(mirrors.length),
    ]
    return parts.filter(part => part !== '').join('  ')
  }

  #rateText(): string {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)]
    if (first === undefined || last === undefined || last.forMs <= first.forMs) return ''
    const rate = ((last.bytes - first.bytes) * 1_000) / (last.forMs - first.forMs)
    return `${byteText(Math.max(0, rate))}/s`
  }
}

function peersText(peers: number): string {
  if (peers === 0) return 'asking peers'
  return `from ${peers} ${peers === 1 ? 'peer' : 'peers'}`
}

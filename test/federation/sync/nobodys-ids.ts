import type { PublisherId } from '../../../src/protocol/index.ts'
import { Publisher } from '../simulation/cast.ts'

const { id } = new Publisher('nobody')

/** As a publisher's, and nobody's: one for each number below 10,000. */
export function idOf(n: number): PublisherId {
  const digits = [...String(n).padStart(4, '0')].map(digit => 'abcdefghij'[Number(digit)]).join('')
  return (id.slice(0, 20) + digits + id.slice(24)) as PublisherId
}

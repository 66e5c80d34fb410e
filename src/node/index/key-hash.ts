import { hash } from 'node:crypto'

/**
 * 48 bits of the SHA-256 of a document's key: nobody makes two keys of one hash in numbers that matter, and whoever looks a
 * key up compares the key itself.
 */
export function keyHashOf(key: string): number {
  return Number.parseInt(hash('sha256', key, 'hex').slice(0, 12), 16)
}

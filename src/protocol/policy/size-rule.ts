import type { PolicyDocument } from './document.ts'
import { denial } from './objection.ts'
import type { PolicyRule } from './verdict.ts'

/** Denies what is larger than the bound; where only the unpacked size is known, as in npm's documents, that is compared. */
export function sizeRule({ maxBytes, line }: NonNullable<PolicyDocument['size']>): PolicyRule {
  return {
    name: 'size',
    judge: facts => {
      const { bytes = null, unpackedBytes = null } = facts.manifest ?? {}
      const size = bytes ?? unpackedBytes
      if (size === null || size <= maxBytes) return null
      const what = bytes === null ? `it unpacks to ${size} bytes` : `it has ${size} bytes`
      return denial(facts, { rule: 'size', line, message: `${what}, at most ${maxBytes} are allowed` })
    },
  }
}

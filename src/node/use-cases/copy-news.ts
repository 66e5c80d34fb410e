import type { WellFormedRecord } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'

/**
 * Whether a record may change now how many copies there are of what this node wants a number of. Each time all copies are looked at, so
 * a stranger's word, which counts once a check bore it out, waits for the next look, and who speaks of other publishers' bytes is no news.
 */
export function isNewsOfCopies({ relations, writer }: NodeContext, { publisher, typ, understood }: WellFormedRecord) {
  if (typ !== 'holds' || publisher === writer.publisher || understood?.typ !== 'ops') return false
  const { follow, allow, mirror, block } = relations.relationOf(publisher)
  if (block || !(follow || mirror || allow !== 'none')) return false
  return understood.ops.some(op => {
    if (op.op !== 'holds') return false
    return op.cids.length > 0 || op.publishers.some(id => relations.relationOf(id).copies !== undefined)
  })
}

import { join } from 'node:path'
import { seededRandom } from '../federated-search-nodes/made-packages.ts'
import { BenchNetwork, type NetworkSize } from './bench-network.ts'
import { settle } from './settle.ts'
import { DLO } from './spread-stage.ts'

const GAP_MS = 100
const WAIT_MS = 60_000

/** A fifth of the nodes goes while records are published: killed, its connections reset; or silent, its connections open. */
export async function killStage(size: NetworkSize & { readonly records: number }): Promise<void> {
  for (const end of ['killed', 'silent'] as const) await loseFifth(size, size.records, end)
}

async function loseFifth(size: NetworkSize, records: number, end: 'killed' | 'silent'): Promise<void> {
  const { nodes, folder, publishers, degree } = size
  const fifth = Math.floor(nodes / 5)
  const sizes = [Math.ceil((nodes - fifth) / 2), Math.floor((nodes - fifth) / 2), fifth]
  await using network = await BenchNetwork.start('ours', join(folder, end), sizes, publishers)
  await network.join(degree, DLO, seededRandom(7))
  await settle(network)
  const gone = end === 'killed' ? network.killLast() : network.silenceLast()
  const published: string[] = []
  for (let i = 0; i < records; i++) {
    published.push((await network.publish(network.publishers[i % publishers]!, `k-${i}`)).id)
    await new Promise(resolve => setTimeout(resolve, GAP_MS))
  }
  await gone
  const last = performance.now()
  const isThere = await network.wait(published, WAIT_MS)
  console.log(
    `${fifth} of ${nodes} ${end}, ${records} records published meanwhile: ${isThere ? 'all' : 'NOT all'} living nodes have all ${(performance.now() - last).toFixed(0)} ms after the last`,
  )
}

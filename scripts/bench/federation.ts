/**
 * A federation of real nodes in two processes over loopback. Stage `spread`: how announcements spread, beside the same nodes with
 * gossipsub's defaults; `kill`: what a fifth of them gone abruptly costs the others; `releases`: lookup and federated search among
 * 50,000 releases that the nodes hold.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { killStage } from './federation-nodes/kill-stage.ts'
import { releasesStage } from './federation-nodes/releases-stage.ts'
import { spreadStage } from './federation-nodes/spread-stage.ts'

const { values } = parseArgs({
  options: {
    stages: { type: 'string', default: 'spread,kill,releases' },
    nodes: { type: 'string', default: '100' },
    degree: { type: 'string', default: '12' },
    publishers: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '4' },
    records: { type: 'string', default: '20' },
    releases: { type: 'string', default: '50000' },
  },
})
const stages = values.stages.split(',')
const [nodes, degree, publishers] = [Number(values.nodes), Number(values.degree), Number(values.publishers)]
const [rounds, records] = [Number(values.rounds), Number(values.records)]
const folder = await mkdtemp(join(tmpdir(), 'hanse-federation-'))
const size = { folder, nodes, degree, publishers }
console.log(
  `${nodes} nodes, each joined with ${degree}; ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, load ${loadavg()[0]?.toFixed(1)}`,
)
try {
  if (stages.includes('spread')) await spreadStage({ ...size, rounds, records })
  if (stages.includes('kill')) await killStage({ ...size, records })
  if (stages.includes('releases')) await releasesStage({ ...size, releases: Number(values.releases) })
} finally {
  await rm(folder, { recursive: true, force: true })
}

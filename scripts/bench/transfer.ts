/**
 * Bytes from one process to another over loopback: TCP, a raw noise stream, HTTP keep-alive, the content protocol and bitswap,
 * in turns; then one large artifact from five mirrors, counting what arrives.
 */
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { multiaddr } from '@multiformats/multiaddr'
import { startBenchNode } from './transfer-nodes/bench-node.ts'
import { bitswap } from './transfer-nodes/bitswap-contender.ts'
import { corpusOf } from './transfer-nodes/corpus.ts'
import { hanseInMemory, hanseOnDisk, streamsOver } from './transfer-nodes/hanse-contender.ts'
import { receivedFromMirrors } from './transfer-nodes/mirrors.ts'
import { http, rawNoise, rawTcp } from './transfer-nodes/plain-contenders.ts'
import { medianOf, type Task, timesOf } from './transfer-nodes/rounds.ts'
import { startServer } from './transfer-nodes/server.ts'
import { ALL_SIZES, SINGLES, SMALL } from './transfer-nodes/sizes.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', multiple: true },
    task: { type: 'string', multiple: true },
    mirrors: { type: 'string', default: '5' },
    'server-flag': { type: 'string', multiple: true, default: [] },
  },
})

const corpus = await corpusOf(ALL_SIZES)
const tasks: Task[] = SINGLES.map(({ name, times }, at) => ({
  ...{ name, times, how: 'sequence' },
  pieces: corpus.slice(at, at + 1),
}))
const small = corpus.slice(SINGLES.length)
tasks.push(
  { name: `${SMALL.count} x 20 kB, in sequence`, pieces: small, times: 1, how: 'sequence' },
  { name: `${SMALL.count} x 20 kB, at once`, pieces: small, times: 1, how: 'at once' },
)

console.log(
  `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, load ${loadavg()[0]?.toFixed(1)}, ${values.rounds} rounds`,
)
console.log("Two processes; medians; bracketed: share of the raw noise stream's speed.\n")
{
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startServer(1, ALL_SIZES.length, values['server-flag']))
  const { libp2p } = stack.use(await startBenchNode(0))
  await libp2p.dial(server.peers[0]?.addresses.map(each => multiaddr(each)) ?? [])
  const streams = stack.use(streamsOver(libp2p))
  const peers = server.peers.map(({ peer }) => peer)
  const all = [
    await rawTcp(server),
    await rawNoise(libp2p, server),
    http(server),
    hanseInMemory(streams, peers),
    await hanseOnDisk(streams, peers),
    await bitswap(server),
  ]
  for (const contender of all) stack.use(contender)
  const contenders = all.filter(({ name }) => values.only?.includes(name) ?? true)
  console.log(['', ...contenders.map(({ name }) => name)].map((cell, at) => cell.padStart(at === 0 ? 22 : 21)).join(''))
  for (const task of tasks.filter(({ name }) => values.task?.some(part => name.includes(part)) ?? true)) {
    const times = await timesOf(task, contenders, { rounds: Number(values.rounds), warmUp: 1 })
    const noise = medianOf(times.get('raw noise stream'))
    const cells = contenders.map(({ name }) => {
      const ms = medianOf(times.get(name))
      return `${ms.toPrecision(3)} ms (${(noise / ms).toFixed(noise / ms < 0.1 ? 3 : 2)})`.padStart(21)
    })
    console.log(task.name.padEnd(22) + cells.join(''))
    const ratio = (name: string) => (medianOf(times.get(name)) / medianOf(times.get('hanse'))).toFixed(2)
    if (task.name.includes('sequence')) {
      console.log(
        `  hanse: ${ratio('bitswap')} x bitswap (aim 50), ${ratio('HTTP keep-alive')} x HTTP keep-alive (aim 1)`,
      )
    }
  }
}

const mirrors = Number(values.mirrors)
if (mirrors > 0) {
  console.log(`\n${mirrors} mirrors connected, 50 MB: bytes received / needed (aim 1.05)`)
  for (const line of await receivedFromMirrors(mirrors, corpus)) console.log(line)
}

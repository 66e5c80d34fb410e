/** A process of the benchmark: nodes that hold packages, or hostile peers of one node. Ends with its standard input. */
import { startNode } from '../../../src/node/index.ts'
import { haunt, MALICE } from './hostile-peer.ts'

const [what, ...rest] = process.argv.slice(2)
const over = new AbortController()
process.stdin.resume().on('end', () => over.abort())
const ended = new Promise(resolve => over.signal.addEventListener('abort', resolve))

if (what === 'hostile') {
  const [address = ''] = rest
  console.log(JSON.stringify([]))
  await Promise.all(MALICE.map(malice => haunt(address, malice, over.signal)))
} else {
  await using nodes = new AsyncDisposableStack()
  const addresses: string[] = []
  for (const home of rest) {
    const http = { host: '127.0.0.1', port: 0 }
    const node = nodes.use(await startNode({ home, http, listen: ['/ip4/127.0.0.1/tcp/0'], network: 'public' }))
    addresses.push(node.ready.addresses[0]!)
  }
  console.log(JSON.stringify(addresses))
  await ended
}

/** A real node; tells what it uses when it is asked. Ends with its parent. */
import { startNode } from '../../src/node/index.ts'

const [home = ''] = process.argv.slice(2)
const node = await startNode({
  ...{
    home,
    http: { host: '127.0.0.1', port: 0 },
    network: 'public',
    listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'],
  },
})
process.on('disconnect', () => process.exit())
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send!({ cpuMs: (user + system) / 1_000, rssBytes: process.memoryUsage.rss() })
})
const { addresses, http } = node.ready
const isWebSocket = (address: string) => address.includes('/ws')
process.send!({ address: addresses.find(each => !isWebSocket(each)), webSocket: addresses.find(isWebSocket), http })

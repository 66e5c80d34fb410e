import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AN_HOUR_MS, type Contender } from './contender.ts'
import { startService } from './service-process.ts'

const HANSE = join(import.meta.dirname, '../../../dist/hanse.js')
/** As `scripts/start` starts it. */
const NODE_FLAGS = ['--max-semi-space-size=4']
const NODE_ENV = { MALLOC_MMAP_THRESHOLD_: '65536' }

/** The policy is the built-in one. */
const CONFIG = 'routes:\n  - { match: "npm:*", to: upstream/npmjs }\n'

/** This node: built, network off, its one upstream the replayed one. */
export function hanseContender(upstream: string): Contender {
  return {
    name: 'hanse',
    async start(folder, port) {
      const home = join(folder, 'home')
      await mkdir(home, { recursive: true, mode: 0o700 })
      await writeFile(join(home, 'config.yaml'), CONFIG)
      const args = ['start', '--json', '--home', home, '--http', `127.0.0.1:${port}`, '--network', 'off']
      const url = `http://127.0.0.1:${port}/npm/`
      const service = await startService([...NODE_FLAGS, HANSE, ...args], {
        env: { ...NODE_ENV, PATH: process.env.PATH, HOME: folder, npm_config_registry: upstream },
        probe: `${url}-/ping`,
        log: join(folder, 'hanse.log'),
      })
      const publisher = async () => {
        const { token } = JSON.parse(await readFile(join(home, 'run.json'), 'utf8')) as { token: string }
        return { authorization: `Bearer ${token}` }
      }
      return { ...service, url, publisher }
    },
    async age(folder) {
      const upstreams = join(folder, 'home', 'upstream')
      for (const name of await readdir(upstreams, { recursive: true })) {
        const path = join(upstreams, name)
        const found = await stat(path)
        const then = (found.mtimeMs - AN_HOUR_MS) / 1000
        if (found.isFile()) await utimes(path, then, then)
      }
    },
  }
}

import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { AN_HOUR_MS, type Contender } from './contender.ts'
import { startService } from './service-process.ts'

const run = promisify(execFile)

/** Verdaccio 6 in `folder`, installed there with the machine's own npm if it is not there yet; its version and program. */
export async function installVerdaccio(folder: string): Promise<{ version: string; program: string }> {
  const home = join(folder, 'node_modules', 'verdaccio')
  if ((await readFile(join(folder, 'whole')).catch(() => null)) === null) {
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true })
    // Its dependency `node-fetch@cjs` is a tag that not every registry has.
    const manifest = { private: true, dependencies: { verdaccio: '^6' }, overrides: { 'node-fetch': '2.7.0' } }
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
    // npm prefers releases for the Node that runs it: this one, which runs Verdaccio too.
    const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` }
    await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], {
      cwd: folder,
      env,
    })
    await writeFile(join(folder, 'whole'), '')
  }
  const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as { version: string }
  return { version, program: join(home, 'bin', 'verdaccio') }
}

/** Verdaccio with its defaults, but anyone may publish, it logs errors alone and has no web pages. */
export function verdaccioContender(program: string, upstream: string): Contender {
  return {
    name: 'verdaccio',
    async start(folder, port) {
      await mkdir(folder, { recursive: true })
      const config = join(folder, 'config.yaml')
      await writeFile(config, JSON.stringify(configOf(folder, upstream)))
      const url = `http://127.0.0.1:${port}/`
      const service = await startService([program, '--config', config, '--listen', `127.0.0.1:${port}`], {
        env: { PATH: process.env.PATH, HOME: folder },
        probe: `${url}-/ping`,
        log: join(folder, 'verdaccio.log'),
      })
      return { ...service, url, publisher: async () => ({}) }
    },
    async age(folder) {
      const storage = join(folder, 'storage')
      for (const name of await readdir(storage, { recursive: true })) {
        if (name.endsWith('package.json')) await backdate(join(storage, name))
      }
    },
  }
}

const configOf = (folder: string, upstream: string) => ({
  storage: join(folder, 'storage'),
  auth: { htpasswd: { file: join(folder, 'htpasswd') } },
  uplinks: { npmjs: { url: upstream } },
  packages: { '**': { access: '$all', publish: '$all', proxy: 'npmjs' } },
  web: { enable: false },
  log: { type: 'stdout', format: 'json', level: 'error' },
})

/** When it last asked its upstream stands in each document. */
async function backdate(path: string): Promise<void> {
  const document = JSON.parse(await readFile(path, 'utf8')) as { _uplinks?: Record<string, { fetched?: number }> }
  for (const uplink of Object.values(document._uplinks ?? {})) uplink.fetched = (uplink.fetched ?? 0) - AN_HOUR_MS
  await writeFile(path, JSON.stringify(document))
}

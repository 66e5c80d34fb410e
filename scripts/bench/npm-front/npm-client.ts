import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RECORDED_BASE } from './recording.ts'

/** A real project of today; rollup's build without binaries, because registries can lack some of them and then `npm ci` fails. */
const PROJECT = {
  name: 'bench-project',
  version: '1.0.0',
  private: true,
  dependencies: { express: '^5', react: '^19', 'react-dom': '^19' },
  devDependencies: { eslint: '^9', typescript: '^5', vite: '^7' },
  overrides: { rollup: 'npm:@rollup/wasm-node@^4' },
}

/** Releases of the last week are left out: this node's policy withholds young ones, and all shall install the same. */
const MIN_AGE_MS = 7 * 24 * 3_600_000

/** The machine's npm, each time with a home, a cache and a project of its own below `folder`, removed afterwards. */
export class NpmClient {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** `npm install` without a lock file; s. */
  async install(registry: string): Promise<number> {
    return (await this.#run(registry, ['install'], null)).seconds
  }

  /** `npm ci` with a lock file that `lockOf` made; s. */
  async cleanInstall(registry: string, lock: string): Promise<number> {
    return (await this.#run(registry, ['ci'], lock.replaceAll(RECORDED_BASE, registry))).seconds
  }

  /** The project's lock file, as it would be for any registry. */
  async lockOf(registry: string): Promise<string> {
    const { lock } = await this.#run(registry, ['install'], null)
    return lock.replaceAll(registry, RECORDED_BASE)
  }

  async #run(registry: string, args: readonly string[], lock: string | null) {
    await mkdir(this.#folder, { recursive: true })
    const home = await mkdtemp(join(this.#folder, 'npm-'))
    try {
      const project = await projectAt(home, registry, lock)
      const began = performance.now()
      await npm(args, project, home)
      const seconds = (performance.now() - began) / 1000
      return { seconds, lock: await readFile(join(project, 'package-lock.json'), 'utf8') }
    } finally {
      await rm(home, { recursive: true, force: true })
    }
  }
}

async function projectAt(home: string, registry: string, lock: string | null): Promise<string> {
  const project = join(home, 'project')
  await mkdir(project)
  const config = ['audit=false', 'fund=false', 'update-notifier=false', 'ignore-scripts=true', `registry=${registry}`]
  config.push(`before=${new Date(Date.now() - MIN_AGE_MS).toISOString()}`)
  await writeFile(join(home, '.npmrc'), `${config.join('\n')}\n`)
  await writeFile(join(project, 'package.json'), JSON.stringify(PROJECT))
  if (lock !== null) await writeFile(join(project, 'package-lock.json'), lock)
  return project
}

async function npm(args: readonly string[], cwd: string, home: string): Promise<void> {
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    npm_config_cache: join(home, 'cache'),
    npm_config_loglevel: 'error',
  }
  const child = spawn('npm', args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    said += text
  })
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0) throw new Error(`npm ${args.join(' ')} exited ${code}:\n${said}`)
}

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ProcessRun, runProcess } from '../run-process.ts'

/** The npm of this machine with a home, a cache and a registry of its own, and nothing of its user's. */
export class NpmClient implements AsyncDisposable {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  /** A client of `registry`; the token goes where `npm login` would write it. */
  static async open(registry: string, token?: string): Promise<NpmClient> {
    const folder = await mkdtemp(join(tmpdir(), 'hanse-npm-'))
    const lines = [`registry=${registry}`, 'audit=false', 'fund=false', 'update-notifier=false', 'fetch-retries=0']
    if (token !== undefined) lines.push(`${registry.replace(/^https?:/, '')}:_authToken=${token}`)
    await writeFile(join(folder, 'npmrc'), `${lines.join('\n')}\n`)
    return new NpmClient(folder)
  }

  /** A project with these files; its folder. */
  async project(name: string, files: Readonly<Record<string, object | string>>): Promise<string> {
    const path = join(this.folder, name)
    await mkdir(path, { recursive: true })
    for (const [file, content] of Object.entries(files)) {
      await writeFile(join(path, file), typeof content === 'string' ? content : JSON.stringify(content))
    }
    return path
  }

  /** Runs npm in a folder, whatever it exits with. */
  async try(cwd: string, ...args: readonly string[]): Promise<ProcessRun> {
    return await runProcess('npm', args, { cwd, env: this.#environment() })
  }

  /** Runs npm in a folder; throws unless it exits 0. */
  async run(cwd: string, ...args: readonly string[]): Promise<ProcessRun> {
    const result = await this.try(cwd, ...args)
    if (result.code !== 0) throw new Error(`npm ${args.join(' ')} exited ${result.code}:\n${result.out}\n${result.err}`)
    return result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }

  #environment(): NodeJS.ProcessEnv {
    return {
      PATH: process.env.PATH,
      HOME: this.folder,
      npm_config_userconfig: join(this.folder, 'npmrc'),
      npm_config_cache: join(this.folder, 'cache'),
      NO_COLOR: '1',
    }
  }
}

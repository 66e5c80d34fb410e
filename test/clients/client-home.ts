import { spawn } from 'node:child_process'
import { appendFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ProcessRun } from '../run-process.ts'
import { fileOf, installClients } from './installed-clients.ts'

/** What a client asks, and what is typed then. */
export type Dialogue = readonly (readonly [question: RegExp, answer: string])[]

/** A user's home with caches and settings of its own: a client run in it finds nothing of this machine's user. */
export class ClientHome implements AsyncDisposable {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  /** An empty home in which every client is installed; pnpm 10 hands some commands to the `npm` it finds. */
  static async open(): Promise<ClientHome> {
    await installClients()
    const folder = await mkdtemp(join(tmpdir(), 'hanse-client-'))
    await mkdir(join(folder, 'bin'))
    await symlink(await fileOf('npm-11/bin/npm-cli.js'), join(folder, 'bin/npm'))
    await writeFile(join(folder, '.npmrc'), 'audit=false\nfund=false\nupdate-notifier=false\nfetch-retries=0\n')
    await writeFile(join(folder, '.yarnrc'), '--install.non-interactive true\ndisable-self-update-check true\n')
    return new ClientHome(folder)
  }

  /** A folder of this home with these files; objects are written as JSON. */
  async project(name: string, files: Readonly<Record<string, object | string>>): Promise<string> {
    const path = join(this.folder, 'projects', name)
    await mkdir(path, { recursive: true })
    for (const [file, content] of Object.entries(files)) {
      await writeFile(join(path, file), typeof content === 'string' ? content : JSON.stringify(content))
    }
    return path
  }

  /** Adds a line to the `.npmrc` of the user: where `npm login` writes its token. */
  async addToNpmrc(line: string): Promise<void> {
    await appendFile(join(this.folder, '.npmrc'), `${line}\n`)
  }

  /** Forgets every package that a client has fetched. */
  async forgetCaches(): Promise<void> {
    await rm(join(this.folder, 'cache'), { recursive: true, force: true })
  }

  /** Runs a program in a project's folder, whatever it exits with. A `.js` or `.cjs` file is run by this Node. */
  async run(
    program: string,
    args: readonly string[],
    cwd: string,
    dialogue: Dialogue = [],
    more: NodeJS.ProcessEnv = {},
  ): Promise<ProcessRun> {
    const [command, ...first] = /\.c?js$/.test(program) ? [process.execPath, program] : [program]
    const { promise, resolve, reject } = Promise.withResolvers<ProcessRun>()
    const child = spawn(command!, [...first, ...args], { cwd, env: { ...this.#environment(), ...more }, stdio: 'pipe' })
    const open = [...dialogue]
    const text = { out: '', err: '', asked: '' }
    const hear = (stream: 'out' | 'err') => (part: string) => {
      text[stream] += part
      text.asked += part
      if (open[0]?.[0].test(text.asked)) {
        text.asked = ''
        child.stdin.write(`${open.shift()![1]}\n`)
        if (open.length === 0) child.stdin.end()
      }
    }
    child.stdout.setEncoding('utf8').on('data', hear('out'))
    child.stderr.setEncoding('utf8').on('data', hear('err'))
    child.stdin.on('error', () => {}) // a client that ends early says why itself
    if (open.length === 0) child.stdin.end()
    child.on('error', reject)
    child.on('close', code => resolve({ code, out: text.out, err: text.err }))
    return await promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  #environment(): NodeJS.ProcessEnv {
    const { folder } = this
    const at = (name: string) => join(folder, name)
    const { NODE_EXTRA_CA_CERTS: certificates } = process.env
    return {
      ...(certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificates }),
      PATH: [at('bin'), dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
      HOME: folder,
      NO_COLOR: '1',
      DO_NOT_TRACK: '1',
      pnpm_config_fetch_retries: '0',
      XDG_CONFIG_HOME: at('config'),
      XDG_CACHE_HOME: at('cache'),
      XDG_DATA_HOME: at('cache/data'),
      XDG_STATE_HOME: at('state'),
      npm_config_userconfig: at('.npmrc'),
      npm_config_globalconfig: at('global-npmrc'),
      npm_config_cache: at('cache/npm'),
      PNPM_HOME: at('cache/pnpm-home'),
      YARN_CACHE_FOLDER: at('cache/yarn'),
      YARN_GLOBAL_FOLDER: at('cache/yarn-global'),
      YARN_ENABLE_TELEMETRY: '0',
      BUN_INSTALL: at('cache/bun'),
      BUN_INSTALL_CACHE_DIR: at('cache/bun-packages'),
    }
  }
}

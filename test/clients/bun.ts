import type { Client, ClientFactory } from './client.ts'
import { fileOf } from './installed-clients.ts'

/** bun. It has no login, no tags and no search: its users have the token that `npm login` writes. */
export const bun: ClientFactory = async (home): Promise<Client> => {
  const program = await fileOf('@oven/bun-linux-x64-baseline/bin/bun', '@oven/bun-linux-aarch64/bin/bun')
  const run = (cwd: string, ...args: readonly string[]) => home.run(program, args, cwd)
  return {
    name: 'bun',
    kind: 'bun',
    packageManager: `bun@${(await run(home.folder, '--version')).out.trim()}`,
    projectFiles: {},
    lockFile: 'bun.lock',
    login: null,
    publish: cwd => run(cwd, 'publish'),
    view: (cwd, name, field) => run(cwd, 'info', name, field),
    addTag: null,
    tags: null,
    search: null,
    install: (cwd, ...specs) => run(cwd, ...(specs.length === 0 ? ['install'] : ['add', ...specs])),
    cleanInstall: cwd => run(cwd, 'install', '--frozen-lockfile'),
  }
}

import type { Client, ClientFactory } from './client.ts'
import { fileOf, versionOf } from './installed-clients.ts'

/** yarn 1. `yarn login` asks a terminal and only remembers a name: its users have the token that `npm login` writes. */
export const yarnClassic: ClientFactory = async (home): Promise<Client> => {
  const program = await fileOf('yarn/bin/yarn.js')
  const run = (cwd: string, ...args: readonly string[]) => home.run(program, [...args, '--non-interactive'], cwd)
  return {
    name: 'yarn-1',
    kind: 'yarn',
    packageManager: `yarn@${await versionOf('yarn')}`,
    projectFiles: {},
    lockFile: 'yarn.lock',
    login: null,
    publish: cwd => run(cwd, 'publish'),
    view: (cwd, name, field) => run(cwd, 'info', name, field),
    addTag: (cwd, release, tag) => run(cwd, 'tag', 'add', release, tag),
    tags: (cwd, name) => run(cwd, 'tag', 'list', name),
    search: null,
    install: (cwd, ...specs) => run(cwd, ...(specs.length === 0 ? ['install'] : ['add', ...specs])),
    cleanInstall: cwd => run(cwd, 'install', '--frozen-lockfile'),
  }
}

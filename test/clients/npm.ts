import type { Client, ClientFactory } from './client.ts'
import { fileOf, versionOf } from './installed-clients.ts'

/** npm of one major. */
export const npm =
  (major: 10 | 11 | 12): ClientFactory =>
  async (home): Promise<Client> => {
    const program = await fileOf(`npm-${major}/bin/npm-cli.js`)
    const run = (cwd: string, ...args: readonly string[]) => home.run(program, args, cwd)
    return {
      name: `npm-${major}`,
      kind: 'npm',
      packageManager: `npm@${await versionOf(`npm-${major}`)}`,
      projectFiles: {},
      lockFile: 'package-lock.json',
      login: (cwd, password) =>
        home.run(program, ['login', '--auth-type=legacy'], cwd, [
          [/username/i, 'ann'],
          [/password/i, password],
        ]),
      publish: cwd => run(cwd, 'publish'),
      view: (cwd, name, field) => run(cwd, 'view', name, field),
      addTag: (cwd, release, tag) => run(cwd, 'dist-tag', 'add', release, tag),
      tags: (cwd, name) => run(cwd, 'dist-tag', 'ls', name),
      search: (cwd, words) => run(cwd, 'search', words, '--json'),
      install: (cwd, ...specs) => run(cwd, 'install', ...specs),
      cleanInstall: cwd => run(cwd, 'ci'),
    }
  }

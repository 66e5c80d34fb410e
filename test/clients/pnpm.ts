import type { Client, ClientFactory } from './client.ts'
import { fileOf, versionOf } from './installed-clients.ts'

const programOf = (major: 10 | 12): Promise<string> =>
  major === 10 ? fileOf('pnpm/bin/pnpm.cjs') : fileOf('@pnpm/exe.linux-x64/pnpm', '@pnpm/exe.linux-arm64/pnpm')

/** pnpm of one major: 10 hands what npm can do to npm, login too; 12 is a program of its own, whose login asks a terminal. */
export const pnpm =
  (major: 10 | 12): ClientFactory =>
  async (home): Promise<Client> => {
    const program = await programOf(major)
    const run = (cwd: string, ...args: readonly string[]) => home.run(program, args, cwd)
    const version = major === 10 ? await versionOf('pnpm') : (await run(home.folder, '--version')).out.trim()
    return {
      name: `pnpm-${major}`,
      kind: 'pnpm',
      packageManager: `pnpm@${version}`,
      projectFiles: {},
      lockFile: 'pnpm-lock.yaml',
      login:
        major === 12
          ? null
          : (cwd, password) =>
              home.run(program, ['login', '--auth-type=legacy'], cwd, [
                [/username/i, 'ann'],
                [/password/i, password],
              ]),
      publish: cwd => run(cwd, 'publish', '--no-git-checks'),
      view: (cwd, name, field) => run(cwd, 'view', name, field),
      addTag: (cwd, release, tag) => run(cwd, 'dist-tag', 'add', release, tag),
      tags: (cwd, name) => run(cwd, 'dist-tag', 'ls', name),
      search: (cwd, words) => run(cwd, 'search', words, '--json'),
      install: (cwd, ...specs) => run(cwd, ...(specs.length === 0 ? ['install'] : ['add', ...specs])),
      cleanInstall: cwd => run(cwd, 'install', '--frozen-lockfile'),
    }
  }

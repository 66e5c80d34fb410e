import type { Client, ClientFactory } from './client.ts'
import { fileOf, versionOf } from './installed-clients.ts'

/** yarn 4. Its login asks a terminal, and reads these variables where its own tests run it. */
export const yarnBerry: ClientFactory = async (home): Promise<Client> => {
  const program = await fileOf('@yarnpkg/cli-dist/bin/yarn.js')
  const run = (cwd: string, ...args: readonly string[]) => home.run(program, args, cwd)
  return {
    name: 'yarn-4',
    kind: 'yarn',
    packageManager: `yarn@${await versionOf('@yarnpkg/cli-dist')}`,
    projectFiles: { '.yarnrc.yml': 'nodeLinker: node-modules\n', 'yarn.lock': '' },
    lockFile: 'yarn.lock',
    login: (cwd, password) =>
      home.run(program, ['npm', 'login'], cwd, [], {
        YARN_IS_TEST_ENV: '1',
        YARN_INJECT_NPM_USER: 'ann',
        YARN_INJECT_NPM_PASSWORD: password,
      }),
    // It publishes what it has installed.
    publish: async cwd => {
      const installed = await run(cwd, 'install')
      return installed.code === 0 ? await run(cwd, 'npm', 'publish') : installed
    },
    view: (cwd, name, field) => run(cwd, 'npm', 'info', name, '--fields', field, '--json'),
    addTag: (cwd, release, tag) => run(cwd, 'npm', 'tag', 'add', release, tag),
    tags: (cwd, name) => run(cwd, 'npm', 'tag', 'list', name),
    search: null,
    install: (cwd, ...specs) => run(cwd, ...(specs.length === 0 ? ['install'] : ['add', ...specs])),
    cleanInstall: cwd => run(cwd, 'install', '--immutable'),
  }
}

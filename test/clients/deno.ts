import type { ProcessRun } from '../run-process.ts'
import type { ClientHome } from './client-home.ts'
import { fileOf } from './installed-clients.ts'

/** deno, as far as it is a client of npm registries: it installs, and its users publish with `npm publish`. */
export async function openDeno(home: ClientHome) {
  const program = await fileOf('@deno/linux-x64-glibc/deno', '@deno/linux-arm64-glibc/deno')
  return {
    /** Adds packages such as `npm:@acme/hull` to the project; none: installs what it has. */
    install: (cwd: string, ...specs: readonly string[]): Promise<ProcessRun> =>
      home.run(program, specs.length === 0 ? ['install'] : ['add', ...specs], cwd, [], { DENO_NO_UPDATE_CHECK: '1' }),
  }
}

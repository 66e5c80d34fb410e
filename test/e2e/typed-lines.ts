import { spawnSync } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProcess } from '../run-process.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const CLI = join(import.meta.dirname, '../../dist/hanse.js')

/** Whether this machine has each of these: a shell, or `script`, which gives it a terminal. */
export const hasPrograms = (...programs: readonly string[]): boolean =>
  programs.every(program => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0)

/** Surroundings in which `hanse` is a command that talks to the node of a home. */
export async function typingEnvironment(home: string): Promise<NodeJS.ProcessEnv> {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'hanse'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`)
  await chmod(join(folder, 'hanse'), 0o755)
  return { PATH: `${folder}:${process.env.PATH}`, HOME: folder, HANSE_HOME: home, TERM: 'dumb', PS1: '' }
}

/** What a shell made of each line typed at its terminal after the first, which sets it up: `hanse` is then a function that prints its words. */
export async function typed(
  shell: string,
  env: NodeJS.ProcessEnv,
  [setUp = '', ...lines]: readonly string[],
): Promise<string[]> {
  const input = [`${setUp}; hanse() { printf '<%s>' "$@"; echo; }`, ...lines, 'exit', ''].join('\n')
  const { out } = await runProcess('script', ['-qec', shell, '/dev/null'], { env, input })
  return [...out.matchAll(/(?:<[^<>%]+>)+(?=\r)/g)].map(([words]) => words)
}

/** What fish offers for a line. */
export async function fishCompletions(env: NodeJS.ProcessEnv, line: string): Promise<string[]> {
  const { out } = await runProcess('fish', ['-c', `hanse completion fish | source; complete -C '${line}'`], { env })
  return out.split('\n')
}

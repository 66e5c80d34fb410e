import type { ProcessRun } from '../run-process.ts'
import type { ClientHome } from './client-home.ts'

/** The clients that are tested; `kind` is what `hanse use` calls them. */
export type ClientName = 'npm-10' | 'npm-11' | 'npm-12' | 'pnpm-10' | 'pnpm-12' | 'yarn-1' | 'yarn-4' | 'bun'

/**
 * One package manager, used as its users use it. Every method runs one command in a project's folder and gives what it did,
 * whatever it exits with; null stands for a command that this client does not have.
 */
export interface Client {
  readonly name: ClientName
  readonly kind: 'npm' | 'pnpm' | 'yarn' | 'bun'
  /** `packageManager` of a project that names it. */
  readonly packageManager: string
  /** Files with which a project makes this client put packages where the others do. */
  readonly projectFiles: Readonly<Record<string, string>>
  /** The lock file that it writes. */
  readonly lockFile: string
  /** Logs in at the project's registry as `ann`. */
  readonly login: ((cwd: string, password: string) => Promise<ProcessRun>) | null
  publish(cwd: string): Promise<ProcessRun>
  /** One field of the newest version. */
  view(cwd: string, name: string, field: string): Promise<ProcessRun>
  /** Adds a tag to `name@version`. */
  readonly addTag: ((cwd: string, release: string, tag: string) => Promise<ProcessRun>) | null
  readonly tags: ((cwd: string, name: string) => Promise<ProcessRun>) | null
  readonly search: ((cwd: string, words: string) => Promise<ProcessRun>) | null
  /** Adds packages to the project; none: installs what its package.json says. */
  install(cwd: string, ...specs: readonly string[]): Promise<ProcessRun>
  /** Installs what the lock file says, and fails where that is not what package.json says. */
  cleanInstall(cwd: string): Promise<ProcessRun>
}

/** Makes a client whose settings and caches are those of a home. */
export type ClientFactory = (home: ClientHome) => Promise<Client>

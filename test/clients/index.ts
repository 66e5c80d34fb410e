import { bun } from './bun.ts'
import type { ClientFactory, ClientName } from './client.ts'
import { ClientHome } from './client-home.ts'
import { ClientUser, type UsedNode } from './client-user.ts'
import { npm } from './npm.ts'
import { pnpm } from './pnpm.ts'
import { yarnBerry } from './yarn-berry.ts'
import { yarnClassic } from './yarn-classic.ts'

export type { Client, ClientName } from './client.ts'
export { type ClientUser, installedVersion, requireDone } from './client-user.ts'

/** Ms that the first test with clients may take to fetch and unpack 230 MB of them. */
export const CLIENTS_READY_MS = 300_000

/** Every client that the node is tested with. */
const CLIENTS: Readonly<Record<ClientName, ClientFactory>> = {
  'npm-10': npm(10),
  'npm-11': npm(11),
  'npm-12': npm(12),
  'pnpm-10': pnpm(10),
  'pnpm-12': pnpm(12),
  'yarn-1': yarnClassic,
  'yarn-4': yarnBerry,
  bun,
}

/** The names of them, in the order in which they are tested. */
export const CLIENT_NAMES = Object.keys(CLIENTS) as readonly ClientName[]

/** One of each kind, for what does not depend on a client's version: a suite of all would take minutes. */
export const CLIENT_KINDS = ['npm-11', 'pnpm-10', 'yarn-1', 'yarn-4', 'bun'] as const satisfies readonly ClientName[]

/** A user of one client in a home of its own. */
export async function openUser(name: ClientName, node: UsedNode): Promise<ClientUser> {
  const home = await ClientHome.open()
  return new ClientUser(await CLIENTS[name](home), home, node)
}

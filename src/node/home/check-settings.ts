import { join } from 'node:path'
import type { Config } from '../config/index.ts'
import { closedToAll } from '../network/membership.ts'
import type { Finding } from '../storage/index.ts'

/** Settings that are allowed one by one and together leave the node of no use. */
export function* checkSettings(home: string, { network }: Config): Generator<Finding> {
  const problem = closedToAll(network)
  if (problem !== null) yield { kind: 'network', subject: join(home, 'config.yaml'), problem, repaired: false }
}

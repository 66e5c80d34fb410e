import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { PeerId } from '../../../src/protocol/index.ts'

/** Where the serving process listens. */
export interface Server extends AsyncDisposable {
  readonly peers: readonly { readonly peer: PeerId; readonly addresses: readonly string[] }[]
  /** Ports on 127.0.0.1. */
  readonly tcp: number
  readonly http: number
}

/** Starts the serving process with `nodes` nodes that hold the first `artifacts` ones and waits until all wires serve. */
export async function startServer(nodes: number, artifacts: number, flags: readonly string[] = []): Promise<Server> {
  const program = join(import.meta.dirname, 'server-main.ts')
  const child = spawn(process.execPath, [...process.execArgv, ...flags, program, String(nodes), String(artifacts)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), exited])) as [unknown]
  if (typeof line !== 'string') throw new Error('the serving process ended before it served')
  return {
    ...(JSON.parse(line) as Omit<Server, keyof AsyncDisposable>),
    [Symbol.asyncDispose]: async () => {
      child.stdin.end()
      await exited
    },
  }
}

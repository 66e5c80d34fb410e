import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A process of this benchmark, and the addresses of the nodes in it. */
export interface Child extends AsyncDisposable {
  readonly addresses: readonly string[]
}

/** Starts one of `nodes-main.ts` and waits until it serves. */
export async function startChild(args: readonly string[]): Promise<Child> {
  const program = join(import.meta.dirname, 'nodes-main.ts')
  const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const [line] = (await Promise.race([once(lines, 'line'), exited])) as [unknown]
  if (typeof line !== 'string') throw new Error('a process of the benchmark ended before it served')
  return {
    addresses: JSON.parse(line) as string[],
    [Symbol.asyncDispose]: async () => {
      child.stdin.end()
      await exited
    },
  }
}

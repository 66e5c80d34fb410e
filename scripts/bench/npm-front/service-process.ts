import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'

/** Ms after which a server that does not answer is given up. */
const START_MS = 60_000

/** A server in a process of its own. */
export interface ServiceProcess extends AsyncDisposable {
  readonly readyMs: number
  residentMiB(): Promise<number>
}

/** Starts a server with this Node and waits until it answers at `probe`; what it prints goes to `log`. */
export async function startService(
  args: readonly string[],
  { env, probe, log }: { env: NodeJS.ProcessEnv; probe: string; log: string },
): Promise<ServiceProcess> {
  const out = openSync(log, 'a')
  const began = performance.now()
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', out, out] })
  closeSync(out)
  try {
    while (!(await answers(probe))) {
      if (child.exitCode !== null) throw new Error(`${args.join(' ')} exited ${child.exitCode}, see ${log}`)
      if (performance.now() - began > START_MS) throw new Error(`${args.join(' ')} does not answer, see ${log}`)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  } catch (error) {
    await stop(child)
    throw error
  }
  const readyMs = performance.now() - began
  return { readyMs, residentMiB: () => residentMiBOf(child), [Symbol.asyncDispose]: () => stop(child) }
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { headers: { connection: 'close' } })
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

/** Linux only: the resident set of a process. */
async function residentMiBOf({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024
}

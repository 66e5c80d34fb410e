/** Medians of 10: `hanse --help`, `hanse search`, `hanse start` to ready, memory idle, beside a bare node. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const ROUNDS = 10
const HANSE = join(import.meta.dirname, '../../dist/hanse.js')
/** As `scripts/hanse` starts it. */
const NODE_FLAGS = ['--max-semi-space-size=4']
const AIMS = { helpRatio: 2.5, searchMs: 150, startMs: 1_500, idleMiB: 180 }

const folder = await mkdtemp(join(tmpdir(), 'hanse-bench-'))
try {
  const bare = await medianOf(() => timeOf(['-e', '']))
  const help = await medianOf(() => timeOf([HANSE, '--help']))
  print('bare node', bare, 'ms')
  print('hanse --help', help, 'ms', `${(help / bare).toFixed(2)} x bare node, aim ${AIMS.helpRatio} x`)

  let round = 0
  const start = await medianOf(async () => {
    const home = join(folder, `start-${round++}`)
    const began = performance.now()
    const child = await startNode(home)
    const took = performance.now() - began
    await stop(child)
    return took
  })
  const home = join(folder, 'idle')
  const child = await startNode(home)
  try {
    const search = await medianOf(() => timeOf([HANSE, 'search', 'web', '--home', home]))
    print('hanse search', search, 'ms', `${(search / bare).toFixed(2)} x bare node, aim ${AIMS.searchMs} ms`)
    print(
      'hanse start to ready',
      start,
      'ms',
      `${(start / bare).toFixed(1)} x bare node, aim ${AIMS.startMs} ms, first start of a home`,
    )
    const idle = await medianOf(async () => {
      await new Promise(resolve => setTimeout(resolve, 1_000))
      return await residentMiBOf(child)
    })
    const bareIdle = await bareResidentMiB()
    print('bare node idle', bareIdle, 'MiB')
    print('memory idle', idle, 'MiB', `${(idle / bareIdle).toFixed(1)} x bare node, aim ${AIMS.idleMiB} MB`)
  } finally {
    await stop(child)
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function medianOf(measure: () => Promise<number>): Promise<number> {
  const values: number[] = []
  for (let round = 0; round < ROUNDS; round++) values.push(await measure())
  values.sort((left, right) => left - right)
  return ((values[ROUNDS / 2 - 1] ?? 0) + (values[ROUNDS / 2] ?? 0)) / 2
}

async function timeOf(args: readonly string[]): Promise<number> {
  const began = performance.now()
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0) throw new Error(`${args.join(' ')} exited ${code}`)
  return performance.now() - began
}

async function startNode(home: string): Promise<ChildProcess> {
  const args = [
    ...NODE_FLAGS,
    HANSE,
    'start',
    '--json',
    '--home',
    home,
    '--http',
    '127.0.0.1:0',
    '--listen',
    '/ip4/127.0.0.1/tcp/0',
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  for await (const line of createInterface({ input: child.stdout! })) {
    if (line.includes('"ready"')) return child
    throw new Error(`hanse start: ${line}`)
  }
  throw new Error('hanse start ended before it was ready')
}

async function bareResidentMiB(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log()'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(child.stdout, 'data')
  const resident = await residentMiBOf(child)
  await stop(child)
  return resident
}

async function stop(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  await closed
}

/** Linux only: the resident set of a process, in MiB. */
async function residentMiBOf({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024
}

function print(what: string, value: number, unit: string, note = ''): void {
  console.log(`${what.padEnd(24)} ${value.toFixed(0).padStart(6)} ${unit.padEnd(4)} ${note}`.trimEnd())
}

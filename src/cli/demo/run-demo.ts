import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Context, Outcome } from '../command.ts'
import { linesOf } from '../view.ts'
import { type DemoNode, startDemoNode } from './demo-node.ts'
import { runDemoSteps } from './demo-steps.ts'
import { StepList, type StepReport } from './step.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

const NOT_SHOWN = [
  'nodes on different machines, behind NAT or a firewall',
  'private packages, which no other node gets to see',
  'yanks, forks, key rotation and recovery; hanse doctor, backup and restore',
  'npm, pnpm, yarn and bun as clients: `hanse use npm` in a project',
  'pip and cargo as clients: those fronts are not built yet, `hanse install` fetches the file',
]

/** Three nodes trade packages; then they keep running until Ctrl-C, or end at once with `once`. */
export async function runDemo(context: Context, once: boolean): Promise<Outcome | null> {
  const { signal, json, print } = context
  const folder = await mkdtemp(join(tmpdir(), 'hanse-demo-'))
  await using stack = new AsyncDisposableStack()
  stack.use(holdSignals())
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const say = (line: string) => {
    if (!json) print(null, linesOf(line))
  }
  const steps = new StepList(report => say(lineOf(report)), signal)
  const networkId = `demo-${randomBytes(6).toString('hex')}`
  const start = async (name: string, bootstrap: readonly string[]) =>
    stack.use(await startDemoNode({ name, folder, networkId, bootstrap }, context))

  const nodes = await runDemoSteps(steps, start, { folder, signal })
  const data = { ok: steps.ok, steps: steps.reports, tryIt: tryItLines(nodes), notShown: NOT_SHOWN }
  if (once || !steps.ok) {
    if (json) return { data, failed: !steps.ok }
    print(null, linesOf(steps.ok ? 'every step went as expected' : 'a step was not as expected'))
    return steps.ok ? null : { data: null, failed: true }
  }
  print(
    data,
    linesOf(
      '',
      'The nodes keep running. Try:',
      ...data.tryIt.map(line => `  ${line}`),
      '',
      'Not shown:',
      ...NOT_SHOWN.map(line => `  - ${line}`),
      '',
      'Ctrl-C ends the nodes and removes everything.',
    ),
  )
  await untilAborted(signal)
  return null
}

function lineOf({ number, step, ok, tookMs, detail }: StepReport): string {
  return `${String(number).padStart(2)}. ${ok ? 'ok    ' : 'FAILED'} ${step.padEnd(44)} ${String(tookMs).padStart(6)} ms  ${detail}`
}

function tryItLines({ gateway, office }: { gateway?: DemoNode; office?: DemoNode }): string[] {
  if (!gateway || !office) return []
  return [
    `./scripts/hanse search --home ${office.home} 'web framework'`,
    `./scripts/hanse info --home ${office.home} npm:semver`,
    `./scripts/hanse why --home ${office.home} npm:semver`,
    `./scripts/hanse install --home ${office.home} npm:semver --to ${join(office.home, '..', 'installed')}`,
    `${gateway.http.replace(/\/$/, '')}/openapi.json`,
  ]
}

/** From the second one on a signal does nothing: it would end the demo and leave its detached nodes, each of which ends in time. */
function holdSignals(): Disposable {
  const nothing = () => {}
  for (const name of SIGNALS) process.on(name, nothing)
  return {
    [Symbol.dispose]: () => {
      for (const name of SIGNALS) process.off(name, nothing)
    },
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  // The nodes' pipes keep the process alive until the signal comes.
  await once(signal, 'abort')
}

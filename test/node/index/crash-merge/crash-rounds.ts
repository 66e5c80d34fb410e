import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Chance } from '../../../corruption/chance.ts'
import { type KillMoment, type MergePhase, phaseOf, pickKillMoment } from './kill-moment.ts'
import type { Message, Orders } from './messages.ts'

const PROCESS = fileURLToPath(import.meta.resolve('./killed-process.ts'))
const FIRST_GUESS_MS = 100

/** What a series of kills came to. */
export interface CrashReport {
  /** Kills that fell into a merge, by its phase. */
  readonly kills: Record<MergePhase, number>
  /** Kills that came after a merge had ended: not counted as rounds. */
  missed: number
  /** Changes that were acknowledged, and those of them never seen again are faults. */
  acknowledged: number
  readonly faults: string[]
}

export interface CrashOptions {
  readonly folder: string
  readonly seed: number
  /** Kills within a merge that are wanted. */
  readonly count: number
  readonly packages: number
  readonly onRound?: (report: CrashReport) => void
}

/** Kills processes in the middle of merges, one after another on the same database; each first checks what it finds. */
export async function killMerges({ onRound, ...options }: CrashOptions): Promise<CrashReport> {
  const report: CrashReport = {
    ...{ kills: { building: 0, swapping: 0, cleaning: 0 }, missed: 0, acknowledged: 0, faults: [] },
  }
  const chance = new Chance(options.seed)
  let before: readonly Message[] = []
  let mergeMs = FIRST_GUESS_MS
  for (let round = 0; killsOf(report) < options.count; round++) {
    const orders = { ...options, seed: chance.below(2 ** 31), fill: round === 0, checkOnly: false }
    const { messages, error } = await run(orders, pickKillMoment(chance, mergeMs))
    report.faults.push(...roundFaultsOf(before, messages, error).map(fault => `round ${round}: ${fault}`))
    if (error !== '') return report
    report.acknowledged += messages.filter(({ say }) => say === 'changed').length
    const phase = phaseOf(messages)
    if (phase === null) report.missed++
    else report.kills[phase]++
    mergeMs = messages.findLast(message => message.say === 'merged')?.tookMs ?? mergeMs
    before = messages
    onRound?.(report)
  }
  const { messages, error } = await run({ ...options, fill: false, checkOnly: true }, null)
  report.faults.push(...roundFaultsOf(before, messages, error).map(fault => `at the end: ${fault}`))
  return report
}

/** Kills within a merge. */
export const killsOf = ({ kills }: CrashReport): number => kills.building + kills.swapping + kills.cleaning

/** Runs a process until it is killed, or to its end; `error` is not empty when it failed by itself. */
async function run(
  orders: Orders,
  moment: KillMoment | null,
): Promise<{ readonly messages: readonly Message[]; readonly error: string }> {
  const child = spawn(process.execPath, [PROCESS, JSON.stringify(orders)], { stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = once(child, 'close')
  const messages: Message[] = []
  let error = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    error = (error + text).slice(-4096)
  })
  let left = moment?.times ?? 0
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line) as Message
    messages.push(message)
    if (moment === null || message.say !== moment.after || --left !== 0) continue
    if (moment.waitMs === 0) child.kill('SIGKILL')
    else void wait(moment.waitMs).then(() => child.kill('SIGKILL'))
  }
  const [code, signal] = (await closed) as [number | null, string | null]
  return { messages, error: signal === 'SIGKILL' || code === 0 ? '' : `exit ${code} ${signal}: ${error}` }
}

/** What the next process found wrong by itself, and where its records are not those that were acknowledged before. */
function roundFaultsOf(before: readonly Message[], messages: readonly Message[], error: string): string[] {
  const found = messages.find(message => message.say === 'found')
  if (found === undefined) return [`the database was not opened: ${error}`]
  const isKept = mayBe(before).some(records => isSame(records, new Map(found.records)))
  return [
    ...found.faults,
    ...(isKept ? [] : ['the records are not those acknowledged']),
    ...(error === '' ? [] : [error]),
  ]
}

type Records = Map<number, number | null>

/** The states that a killed process may have left: after the last batch that it acknowledged, or any later one; batches keep their order. */
function mayBe(messages: readonly Message[]): Records[] {
  const found = messages.find(message => message.say === 'found')
  const acknowledged = Math.max(0, ...messages.flatMap(message => (message.say === 'changed' ? [message.batch] : [])))
  const records: Records = new Map(found?.records ?? [])
  const states = acknowledged === 0 ? [new Map(records)] : []
  for (const message of messages) {
    if (message.say !== 'changing') continue
    for (const [number, revision] of message.changes) {
      if (revision === null) records.delete(number)
      else records.set(number, revision)
    }
    if (message.batch >= acknowledged) states.push(new Map(records))
  }
  return states
}

function isSame(a: Records, b: Records): boolean {
  return a.size === b.size && [...a].every(([number, revision]) => b.get(number) === revision)
}

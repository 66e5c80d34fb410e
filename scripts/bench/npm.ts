/** This node, Verdaccio 6 and the bare upstream side by side; see `npm-front/measures.ts` for what is measured. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Figures } from './npm-front/figures.ts'
import { hanseContender } from './npm-front/hanse-contender.ts'
import { CONNECTIONS } from './npm-front/http-load.ts'
import { NpmClient } from './npm-front/npm-client.ts'
import { type BenchOptions, parseOptions, USAGE } from './npm-front/options.ts'
import { Recording } from './npm-front/recording.ts'
import { ReplayUpstream } from './npm-front/replay-upstream.ts'
import { type Bench, loadsOf, runRound } from './npm-front/round.ts'
import { installVerdaccio, verdaccioContender } from './npm-front/verdaccio-contender.ts'

/** A usual packument of the project: 45 kB. */
const USUAL_PACKAGE = { name: 'type-is', version: '2.1.0' }

const run = promisify(execFile)
if (process.argv.includes('--help')) {
  console.log(USAGE)
  process.exit()
}
const options = parseOptions(process.argv.slice(2))
const folder = options.keep ?? (await mkdtemp(join(tmpdir(), 'hanse-bench-npm-')))
try {
  await main(options)
} finally {
  if (options.keep === null) await rm(folder, { recursive: true, force: true })
}

async function main({ rounds, cache, delayMs, json }: BenchOptions): Promise<void> {
  const verdaccio = await installVerdaccio(join(cache, 'verdaccio-6'))
  const registry = await commandText('npm', 'config', 'get', 'registry')
  const recording = new Recording(join(cache, 'registry'), registry.replace(/\/*$/, '/'))
  await using upstream = new ReplayUpstream(recording, delayMs)
  await upstream.open()
  const npm = new NpmClient(join(folder, 'clients'))
  const lock = await npm.lockOf(upstream.url)
  const { name, version } = USUAL_PACKAGE
  const loads = loadsOf(name, `${name}/-/${name}-${version}.tgz`)
  const figures = new Figures()
  const bench: Bench = { options, figures, upstream, npm, lock, loads, folder }
  const contenders = [hanseContender(upstream.url), verdaccioContender(verdaccio.program, upstream.url)]
  for (let round = 0; round < rounds; round++) {
    console.error(`round ${round + 1} of ${rounds}`)
    await runRound(bench, round % 2 === 0 ? contenders : contenders.toReversed(), round)
  }
  console.log(await headerOf(options, verdaccio.version))
  console.log(figures.table())
  if (json !== null) await writeFile(json, `${JSON.stringify(figures, null, 2)}\n`)
}

async function headerOf({ rounds, delayMs, clients }: BenchOptions, verdaccio: string): Promise<string> {
  const client = `npm ${await commandText('npm', '--version')}`
  return `Medians of ${rounds}, ${client}, Verdaccio ${verdaccio}, Node ${process.version}. The upstream is a recording of the machine's
registry on loopback that waits ${delayMs} ms before each answer; loads at ${CONNECTIONS} connections; ${clients} npm ci at once, in one round.
`
}

async function commandText(command: string, ...args: readonly string[]): Promise<string> {
  return (await run(command, args, { cwd: tmpdir() })).stdout.trim()
}

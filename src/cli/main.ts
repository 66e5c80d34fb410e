import { readEnvironment } from './environment.ts'
import { runCli } from './run-cli.ts'

const interrupt = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupt.abort())
// A reader that went away (`hanse search x | head`) is no error.
process.stdout.on('error', error => {
  if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
})
process.exitCode = await runCli(process.argv.slice(2), readEnvironment(), interrupt.signal)

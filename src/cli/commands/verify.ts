import type { ArgumentSpec, Command, CommandGroup } from '../command.ts'
import { CliError } from '../errors.ts'
import { type Judge, judgeLines, verdictOf } from '../verify-lines.ts'
import { linesOf } from '../view.ts'

const NO_ARGS: readonly ArgumentSpec[] = []

/** `hanse verify signature|record|archive`: one JSON object a line in, one verdict a line out. */
export const verifyGroup: CommandGroup = {
  name: 'verify',
  summary: 'judge signatures, records and archives read from stdin, one JSON object a line',
  commands: [
    verifyCommand(
      'signature',
      '{"pk","msg","sig"} in hex, by the strict Ed25519 rule',
      signatureJudge,
      'hanse verify signature < signatures.jsonl',
    ),
    verifyCommand(
      'record',
      '{"hex"}: any dag-cbor value against the encoding profile',
      recordJudge,
      `echo '{"hex":"a0"}' | hanse verify record`,
    ),
    verifyCommand(
      'archive',
      '{"path","as":"npm|wheel|sdist|crate","purl"?}',
      archiveJudge,
      `echo '{"path":"x-1.0.0.tgz","as":"npm"}' | hanse verify archive`,
    ),
  ],
}

function verifyCommand(name: string, summary: string, judgeOf: () => Promise<Judge>, example: string): Command {
  return {
    name,
    summary,
    examples: [example],
    args: NO_ARGS,
    local: true,
    async run() {
      await judgeLines(process.stdin, process.stdout, await judgeOf())
      return null
    },
    view: () => linesOf(),
  }
}

async function signatureJudge(): Promise<Judge> {
  const { verifyEd25519 } = await import('../../protocol/index.ts')
  return line => {
    const [pk, msg, sig] = [bytesOf(line, 'pk'), bytesOf(line, 'msg'), bytesOf(line, 'sig')]
    return verifyEd25519(pk, msg, sig) ? { ok: true } : { ok: false, code: 'E_SIGNATURE' }
  }
}

async function recordJudge(): Promise<Judge> {
  const { parseCanonical } = await import('../../protocol/index.ts')
  return line => {
    parseCanonical(bytesOf(line, 'hex'))
    return { ok: true }
  }
}

async function archiveJudge(): Promise<Judge> {
  const { verifyArchiveLine } = await import('../../node/index.ts')
  return async line => {
    const { path, as, purl } = line
    if (typeof path !== 'string') throw new CliError('E_USAGE', 'path is missing')
    if (as !== 'npm' && as !== 'wheel' && as !== 'sdist' && as !== 'crate')
      throw new CliError('E_USAGE', 'as is npm, wheel, sdist or crate')
    if (purl !== undefined && typeof purl !== 'string') throw new CliError('E_USAGE', 'purl is a text')
    return verdictOf(await verifyArchiveLine({ path, as, ...(purl === undefined ? {} : { purl }) }))
  }
}

function bytesOf(line: Readonly<Record<string, unknown>>, name: string): Uint8Array {
  const hex = line[name]
  if (typeof hex !== 'string' || hex.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(hex)) {
    throw new CliError('E_USAGE', `${name} is not hex`)
  }
  return Buffer.from(hex, 'hex')
}

import { resolve } from 'node:path'
import { type Command, type CommandGroup, textOf } from '../command.ts'
import { CliError } from '../errors.ts'
import type { AdvisoryImport } from '../import-advisories.ts'
import { linesOf, partsOf, tableOf, type View } from '../view.ts'

interface AdvisoryLine {
  readonly id: string
  readonly kind: string
  readonly severity: string
  readonly packages: readonly string[]
  readonly summary: string
  readonly fixed?: string | null
}

interface AdvisoryList {
  readonly held: number
  readonly malware: number
  readonly newest: string | null
  readonly advisories: readonly AdvisoryLine[]
}

const importCommand: Command = {
  name: 'import',
  summary: 'take in OSV documents; newer ones replace, withdrawn ones go',
  examples: [
    'hanse advisory import ./all.zip',
    'hanse advisory import ./osv/npm',
    'hanse advisory import MAL-2024-1.json',
  ],
  args: [{ name: '<path>', text: 'a .json document, a folder of them, or a .zip of them' }],
  async run({ args }, context) {
    const { importAdvisories } = await import('../import-advisories.ts')
    const node = await context.node()
    const data = await importAdvisories(node, resolve(args[0] ?? ''), line => context.progress(line))
    const isUseless = data.skipped > 0 && data.added + data.changed + data.unchanged + data.withdrawn === 0
    return { data, failed: isUseless }
  },
  view: ({ added, changed, unchanged, withdrawn, skipped, reasons }: AdvisoryImport) =>
    linesOf(
      `${added} added, ${changed} changed, ${withdrawn} withdrawn, ${unchanged} unchanged, ${skipped} skipped`,
      ...reasons.map(
        ({ why, count, first }) => `skipped ${count}: ${why}${first === undefined ? '' : `, first ${first}`}`,
      ),
    ),
}

const list: Command = {
  name: 'list',
  summary: 'list the advisories held, malware first: all, or those of a package or version',
  examples: ['hanse advisory list npm:lodash@4.17.20', 'hanse advisory list npm:lodash', 'hanse advisory list'],
  args: [{ name: '[purl]', text: 'npm:lodash, or npm:lodash@4.17.20 for what names that version' }],
  options: [{ flags: '--limit <n>', text: 'at most this many, 100 unless given' }],
  async run(input, context) {
    const query = { purl: input.args[0], limit: limitOf(textOf(input, 'limit')) }
    const node = await context.node()
    return { data: await node.call<AdvisoryList>('GET', '/api/advisories', { query }) }
  },
  view: advisoriesView,
}

const remove: Command = {
  name: 'remove',
  summary: 'take an advisory out until whoever publishes it changes it',
  examples: ['hanse advisory remove MAL-2024-1'],
  args: [{ name: '<id>', text: 'as advisory list shows it' }],
  async run({ args }, context) {
    const node = await context.node()
    const path = `/api/advisories/${encodeURIComponent(args[0] ?? '')}`
    return { data: await node.call<AdvisoryLine>('DELETE', path) }
  },
  view: ({ id, packages }: AdvisoryLine) => linesOf(`${id} is not held against ${packages.join(', ')} any more`),
}

/** `hanse advisory import|list|remove`. */
export const advisoryGroup: CommandGroup = {
  name: 'advisory',
  summary: 'what is known against packages: malware and vulnerabilities',
  commands: [importCommand, list, remove],
}

/** What people see of a listing: one line an advisory, then what the node holds. */
export function advisoriesView({ held, malware, newest, advisories }: AdvisoryList): View {
  const rows = advisories.map(({ id, kind, severity, packages, summary, fixed }) => [
    ...[id, kind === 'malware' ? 'malware' : severity, namesOf(packages), fixed, summary],
  ])
  const sums = `${held} held, ${malware} of them malware; ${newest === null ? 'none was imported' : `the newest of ${newest}`}`
  return partsOf(tableOf(['ID', 'SEVERITY', 'PACKAGE', 'FIXED', 'SUMMARY'], rows, 'no advisories'), linesOf(sums))
}

const namesOf = (packages: readonly string[]): string =>
  packages.length > 2 ? `${packages[0]} and ${packages.length - 1} more` : packages.join(', ')

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,3}$/.test(text) && Number(text) <= 1_000) return Number(text)
  throw new CliError('E_USAGE', `--limit wants a number from 1 to 1000, not ${text}`, {
    hint: 'hanse advisory list --help',
  })
}

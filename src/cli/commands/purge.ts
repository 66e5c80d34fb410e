import { type Command, textOf } from '../command.ts'
import { CliError } from '../errors.ts'
import { linesOf, partsOf, tableOf, type View } from '../view.ts'

interface PurgeLine {
  readonly reference: string
  readonly cid: string | null
  readonly sha256: string | null
  readonly names: readonly string[]
  readonly at: number
  readonly who: string
}

type PurgeAnswer =
  | readonly PurgeLine[]
  | { readonly purged: readonly PurgeLine[]; readonly warning?: string }
  | { readonly undone: readonly PurgeLine[] }

/** `hanse purge CID|PURL --legal REF`: bytes gone for good; `--list` and `--undo CID|PURL`. */
export const purgeCommand: Command = {
  name: 'purge',
  summary: 'remove bytes for legal reasons: never fetched or served again',
  examples: [
    "hanse purge npm:left-pad@1.0.0 --legal 'order 12/345'",
    'hanse purge --list',
    'hanse purge --undo npm:left-pad@1.0.0',
  ],
  args: [{ name: '[what]', text: 'a CID, a sha-256, or a package with its version' }],
  options: [
    { flags: '--legal <reference>', text: 'the decision, as people look it up; clients are told' },
    { flags: '--list', text: 'list what was purged' },
    { flags: '--undo <what>', text: 'let a CID or version come again' },
  ],
  async run(input, context) {
    const node = await context.node()
    const [what] = input.args
    const [undo, legal] = [textOf(input, 'undo'), textOf(input, 'legal')]
    if (input.options.list === true) return { data: await node.call<PurgeAnswer>('GET', '/api/purges') }
    if (undo !== undefined) {
      return { data: await node.call<PurgeAnswer>('DELETE', '/api/purges', { query: { what: undo } }) }
    }
    if (what === undefined || legal === undefined) {
      throw new CliError('E_USAGE', 'say what is purged and by which decision', {
        hint: "hanse purge npm:left-pad@1.0.0 --legal 'order 12/345'",
      })
    }
    return { data: await node.call<PurgeAnswer>('POST', '/api/purges', { body: { what, legal } }) }
  },
  view: purgeView,
}

function purgeView(answer: PurgeAnswer): View {
  if ('undone' in answer) return partsOf(tableOfPurges(answer.undone), linesOf('taken back: this may come again'))
  if (!('purged' in answer)) return tableOfPurges(answer)
  const { purged, warning } = answer
  return partsOf(tableOfPurges(purged), ...(warning === undefined ? [] : [linesOf(`warning: ${warning}`)]))
}

const tableOfPurges = (lines: readonly PurgeLine[]): View =>
  tableOf(
    ['REFERENCE', 'NAMES', 'CID', 'AT', 'WHO'],
    lines.map(({ reference, names, cid, at, who }) => [reference, names, cid, new Date(at).toISOString(), who]),
    'nothing was purged',
  )

import type { Command, Context, Input } from '../command.ts'
import { textOf } from '../command.ts'
import { CliError } from '../errors.ts'
import { CLIENTS, type Client, clientFilesOf, FILES_OF } from '../use/client-files.ts'
import { oursOf, withoutOurs } from '../use/marks.ts'
import { lookAtProject, readProjectFile, writeProjectFile } from '../use/project-folder.ts'
import { linesOf, partsOf, type View } from '../view.ts'

/** One file of the project and the lines that are there for the node. */
interface UsedFile {
  readonly file: string
  readonly changed: boolean
  readonly lines: readonly string[]
}

/** A file of the project as it will be; its text may hold secrets and is not shown. */
interface FileChange extends UsedFile {
  readonly text: string
}

interface UseResult {
  readonly client: Client
  readonly registry: string | null
  readonly written: boolean
  readonly files: readonly UsedFile[]
}

/** `hanse use CLIENT`: makes the project in the current folder install through this node, or takes that back. */
export const useCommand: Command = {
  name: 'use',
  summary: 'make the project in this folder install through the node',
  examples: ['hanse use npm', 'hanse use pnpm --scope @acme', 'hanse use npm --undo'],
  args: [{ name: '<client>', text: 'npm, pnpm, yarn or bun', choices: CLIENTS }],
  options: [
    { flags: '--scope <scope>', text: 'only names of this scope, such as @acme' },
    { flags: '--print', text: 'show the files as they would be, write nothing' },
    { flags: '--undo', text: 'take out what this command wrote, bring back what stood aside' },
  ],
  async run(input, context) {
    const client = CLIENTS.find(name => name === input.args[0]) ?? 'npm'
    const folder = process.cwd()
    const isUndo = input.options.undo === true
    const registry = isUndo ? null : await registryOf(context)
    const changes = registry === null ? await undone(folder, client) : await used(folder, client, registry, input)
    const written = input.options.print !== true
    for (const { file, changed, text } of changes) if (written && changed) await writeProjectFile(folder, file, text)
    const files = changes.map(({ file, changed, lines }) => ({ file, changed, lines }))
    return { data: { client, registry, written, files } satisfies UseResult }
  },
  view: viewOf,
}

async function used(folder: string, client: Client, registry: string, input: Input): Promise<FileChange[]> {
  const use = { client, registry, scope: scopeOf(input), ...(await lookAtProject(folder)) }
  return await Promise.all(
    clientFilesOf(use).map(async ({ name, change }) => changeOf(name, await readProjectFile(folder, name), change)),
  )
}

async function undone(folder: string, client: Client): Promise<FileChange[]> {
  const files = FILES_OF[client].map(async name => changeOf(name, await readProjectFile(folder, name), withoutOurs))
  return (await Promise.all(files)).filter(({ changed }) => changed)
}

function changeOf(file: string, before: string, change: (text: string) => string): FileChange {
  const text = change(before)
  return { file, changed: text !== before, lines: oursOf(text), text }
}

function scopeOf(input: Input): string | null {
  const scope = textOf(input, 'scope')
  if (scope === undefined) return null
  if (/^@[a-z0-9~-][a-z0-9._~-]*$/.test(scope)) return scope
  throw new CliError('E_USAGE', `${scope} is not a scope`, { hint: 'hanse use npm --scope @acme' })
}

/** The npm front of the node: under its public address if it has one. */
async function registryOf(context: Context): Promise<string> {
  const node = await context.node()
  const settings = await node.call<readonly { readonly key: string; readonly value: unknown }[]>('GET', '/api/config')
  const found = settings.find(({ key }) => key === 'http.publicUrl')?.value
  const base = typeof found === 'string' ? found : node.url.href
  return `${base.replace(/\/+$/, '')}/npm/`
}

function viewOf({ client, registry, written, files }: UseResult): View {
  const changed = files.filter(each => each.changed)
  if (!written) return partsOf(...files.map(({ file, lines }) => linesOf(`# ${file}`, ...lines)))
  if (changed.length === 0) return linesOf(`nothing to change for ${client}`)
  const names = changed.map(({ file }) => file).join(', ')
  if (registry === null) return linesOf(`took it out of ${names}`)
  return linesOf(
    `${client} installs from ${registry} in this folder (${names})`,
    `to publish: npm login --registry ${registry}`,
    `to undo:    hanse use ${client} --undo`,
  )
}

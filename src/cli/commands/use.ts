import type { Command, Context, Input } from '../command.ts'
import { textOf } from '../command.ts'
import { CliError } from '../errors.ts'
import { CLIENTS, type Client, type ClientUse, clientFilesOf, FILES_OF, openPointOf } from '../use/client-files.ts'
import { oursIn, withoutOursIn } from '../use/deno-files.ts'
import { privateNamesOf } from '../use/private-names.ts'
import { lookAtProject, readProjectFile, writeProjectFile } from '../use/project-folder.ts'
import { unroutedNoteOf } from '../use/unrouted-note.ts'
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
  /** What the user may want to do about the client's own rules. */
  readonly open: string | null
  /** What is missing at the node, and the command for it. */
  readonly unrouted: string | null
}

/** `hanse use CLIENT`: makes the project in the current folder install through this node, or takes that back. */
export const useCommand: Command = {
  name: 'use',
  summary: 'make the project in this folder install through the node',
  examples: ['hanse use npm', 'hanse use pnpm --scope @acme', 'hanse use npm --undo'],
  args: [{ name: '<client>', text: 'npm (also for deno), pnpm, yarn or bun', choices: CLIENTS }],
  options: [
    { flags: '--scope <scope>', text: 'only names of this scope, such as @acme' },
    { flags: '--print', text: 'show the files as they would be, write nothing' },
    { flags: '--undo', text: 'take out what this command wrote, bring back what stood aside' },
  ],
  async run(input, context) {
    const client = CLIENTS.find(name => name === input.args[0]) ?? 'npm'
    const folder = process.cwd()
    const isUndo = input.options.undo === true
    const use = isUndo ? null : await useOf(client, folder, input, context)
    const changes = use === null ? await undone(folder, client) : await used(folder, use)
    const written = input.options.print !== true
    for (const { file, changed, text } of changes) if (written && changed) await writeProjectFile(folder, file, text)
    const files = changes.map(({ file, changed, lines }) => ({ file, changed, lines }))
    const open = use === null ? null : openPointOf(use)
    const unrouted = use?.unrouted ?? null
    return { data: { client, registry: use?.registry ?? null, written, files, open, unrouted } satisfies UseResult }
  },
  view: viewOf,
}

interface ClientSettings {
  readonly publicUrl: string | null
  readonly released: readonly string[]
  readonly routes: readonly { readonly match: string; readonly to: string }[]
}

/** What to write: the npm front of the node, under its public address if it has one, and the names that are its own. */
async function useOf(client: Client, folder: string, input: Input, context: Context) {
  const scope = scopeOf(input)
  const node = await context.node()
  const { publicUrl, released, routes } = await node.call<ClientSettings>('GET', '/api/clients/npm')
  const registry = `${(publicUrl ?? node.url.href).replace(/\/+$/, '')}/npm/`
  return {
    client,
    registry,
    scope,
    privateNames: privateNamesOf(released, routes, scope),
    ...(await lookAtProject(folder)),
    unrouted: unroutedNoteOf(routes, scope),
  }
}

async function used(folder: string, use: ClientUse): Promise<FileChange[]> {
  return await Promise.all(
    clientFilesOf(use).map(async ({ name, change }) => changeOf(name, await readProjectFile(folder, name), change)),
  )
}

async function undone(folder: string, client: Client): Promise<FileChange[]> {
  const files = FILES_OF[client].map(async name =>
    changeOf(name, await readProjectFile(folder, name), text => withoutOursIn(name, text)),
  )
  return (await Promise.all(files)).filter(({ changed }) => changed)
}

function changeOf(file: string, before: string, change: (text: string) => string): FileChange {
  const text = change(before)
  return { file, changed: text !== before, lines: oursIn(file, text), text }
}

function scopeOf(input: Input): string | null {
  const scope = textOf(input, 'scope')
  if (scope === undefined) return null
  if (/^@[a-z0-9~-][a-z0-9._~-]*$/.test(scope)) return scope
  throw new CliError('E_USAGE', `${scope} is not a scope`, { hint: 'hanse use npm --scope @acme' })
}

function viewOf({ client, registry, written, files, open, unrouted }: UseResult): View {
  const changed = files.filter(each => each.changed)
  const note = [unrouted, open].flatMap(each => (each === null ? [] : [linesOf(`note: ${each}`)]))
  if (!written) return partsOf(...files.map(({ file, lines }) => linesOf(`# ${file}`, ...lines)), ...note)
  if (changed.length === 0)
    return partsOf(linesOf(`nothing to change for ${client}`), ...(registry === null ? [] : note))
  const names = changed.map(({ file }) => file).join(', ')
  if (registry === null) return linesOf(`took it out of ${names}`)
  return partsOf(
    linesOf(
      `${client} installs from ${registry} in this folder (${names})`,
      `to publish: ${loginOf(files, registry)}`,
      `to undo:    hanse use ${client} --undo`,
    ),
    ...note,
  )
}

/** yarn 2 and later read nothing of what `npm login` writes; the others read all of it. */
function loginOf(files: readonly UsedFile[], registry: string): string {
  const npmLogin = `npm login --registry ${registry}`
  const has = (name: string) => files.some(({ file }) => file === name)
  if (!has('.yarnrc.yml')) return npmLogin
  return has('.npmrc') ? `yarn npm login; yarn 1: ${npmLogin}` : 'yarn npm login'
}

import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { ApiClient } from '../api-client.ts'
import { CliError } from '../errors.ts'
import { receiveFile } from '../receive-file.ts'

export interface ExportReport {
  readonly folder: string
  readonly packages: number
  readonly versions: number
  /** Versions that policy withholds here, withdrawn ones among them: they stay behind. */
  readonly withheld: number
  readonly next: string
}

export interface ExportChoice {
  readonly progress: (line: string) => void
  readonly signal: AbortSignal
}

const digest = z.string().max(1_024)
/** What becomes a path: a node is believed about packages, not about places on this disk. */
const packageName = z.string().regex(/^(?:@[\w~!'()-][\w~!'().-]*\/)?[\w~!'()-][\w~!'().-]*$/)
const versionName = z.string().regex(/^[0-9A-Za-z][0-9A-Za-z.+-]*$/)
const packument = z.looseObject({
  name: packageName,
  versions: z.record(versionName, z.looseObject({ dist: z.looseObject({ shasum: digest.optional() }) })),
  'dist-tags': z.record(z.string(), z.string()),
  time: z.record(z.string(), z.string()).optional(),
})
type Packument = z.output<typeof packument>

const ownPackages = z.array(z.object({ name: packageName, versions: z.array(z.string()) }))

/** Writes the own npm packages of a node as Verdaccio 4 to 6 keeps them: start it with this folder as its `storage`. */
export async function exportVerdaccio(node: ApiClient, folder: string, choice: ExportChoice): Promise<ExportReport> {
  await requireEmpty(folder)
  const found = ownPackages.safeParse(await node.call<unknown>('GET', '/api/packages', { query: { type: 'npm' } }))
  if (!found.success) throw new CliError('E_BAD_ANSWER', 'the node’s list of own packages has not its shape')
  const own = found.data
  let [versions, withheld] = [0, 0]
  for (const { name, versions: released } of own) {
    choice.signal.throwIfAborted()
    choice.progress(name)
    const written = await exportPackage(node, folder, name, choice.signal)
    versions += written
    withheld += released.length - written
  }
  const database = { list: own.map(({ name }) => name), secret: '' }
  await writeFile(join(folder, '.verdaccio-db.json'), JSON.stringify(database), { mode: 0o600 })
  const next = 'set `storage` in Verdaccio’s configuration to this folder and start it'
  return { folder, packages: own.length, versions, withheld, next }
}

/** @throws CliError E_FILE_EXISTS */
async function requireEmpty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch(cause => {
    throw new CliError('E_FILE', `${folder} cannot be made`, { cause, hint: 'hanse export verdaccio NEW-FOLDER' })
  })
  if ((await readdir(folder)).length === 0) return
  throw new CliError('E_FILE_EXISTS', `${folder} is not empty`, { hint: 'hanse export verdaccio NEW-FOLDER' })
}

/** The number of versions written. */
async function exportPackage(node: ApiClient, folder: string, name: string, signal: AbortSignal): Promise<number> {
  const path = `/npm/${name.replace('/', '%2f')}`
  const parsed = packument.safeParse(await node.call<unknown>('GET', path))
  if (!parsed.success) throw new CliError('E_BAD_ANSWER', `the node’s packument of ${name} has not npm’s shape`)
  const document = parsed.data
  const base = name.split('/').at(-1)
  const attachments: [string, object][] = []
  for (const [version, { dist }] of Object.entries(document.versions)) {
    const file = `${base}-${version}.tgz`
    await receiveFile(await node.stream('GET', `${path}/-/${file}`), join(folder, name, file), { signal })
    attachments.push([file, { shasum: dist.shasum, version }])
  }
  await writeFile(join(folder, name, 'package.json'), JSON.stringify(storedOf(document, attachments), null, 2))
  return attachments.length
}

function storedOf(document: Packument, attachments: readonly [string, object][]): object {
  const { policyRestrictions: _, ...kept } = document
  return {
    ...kept,
    users: {},
    _uplinks: {},
    _distfiles: {},
    _attachments: Object.fromEntries(attachments),
    _rev: '1-0',
  }
}

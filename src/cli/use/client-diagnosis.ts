import { shellWordOf } from '../shell-word.ts'
import type { Client } from './client-files.ts'
import { LOCK_FILES, type PinnedRegistry, pinnedRegistriesOf } from './lock-hosts.ts'
import { npmrcValue } from './npmrc-text.ts'
import { readProjectFile } from './project-folder.ts'

/** Something that leads a client past the node, and the command that changes it. */
export interface ClientFinding {
  readonly subject: string
  readonly problem: string
  readonly help: string
}

/** Numbers of lines that are shown; the others are counted. */
const MAX_SHOWN_LINES = 5

/** What keeps the project in a folder from installing everything through the registry that it is configured with. */
export async function diagnoseClient(folder: string, client: Client): Promise<readonly ClientFinding[]> {
  const registry = await registryOfProject(folder, client)
  if (registry === null) {
    const problem = `no registry is set for ${client} in this folder: it does not install through a node`
    return [{ subject: folder, problem, help: `hanse use ${client}` }]
  }
  const findings: ClientFinding[] = []
  for (const file of LOCK_FILES[client]) {
    const text = await readProjectFile(folder, file)
    const isBerry = client === 'yarn' && text.includes('\n__metadata:')
    for (const pinned of pinnedRegistriesOf(client, text, registry)) {
      findings.push(findingOf(file, pinned, registry, isBerry))
    }
  }
  return findings
}

function findingOf(file: string, { url, lines }: PinnedRegistry, registry: string, isBerry: boolean): ClientFinding {
  const shown = lines.slice(0, MAX_SHOWN_LINES).join(', ')
  const more = lines.length > MAX_SHOWN_LINES ? ', …' : ''
  const where = lines.length === 1 ? `line ${shown} leads` : `${lines.length} lines (${shown}${more}) lead`
  const [from, to] = isBerry ? [encodeURIComponent(url), encodeURIComponent(registry)] : [url, registry]
  return {
    subject: file,
    problem: `${where} to ${url}, past ${registry}`,
    help: `sed -i.bak ${shellWordOf(`s#${from.replaceAll('.', '\\.')}#${to}#g`)} ${file}`,
  }
}

/** The registry for all names, as the project's own files set it. */
async function registryOfProject(folder: string, client: Client): Promise<string | null> {
  const npmrc = npmrcValue(await readProjectFile(folder, '.npmrc'), 'registry')
  const yarnrc = client === 'yarn' ? await readProjectFile(folder, '.yarnrc.yml') : ''
  const found = /^npmRegistryServer:\s*["']?([^"'\s#]+)/m.exec(yarnrc)?.[1] ?? npmrc
  return found === null ? null : `${found.replace(/\/+$/, '')}/`
}

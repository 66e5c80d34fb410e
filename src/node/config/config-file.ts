import { randomUUID } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Document, parseDocument } from 'yaml'
import { NodeError } from '../errors.ts'
import { MAX_CONFIG_BYTES } from './limits.ts'

/** Where a home keeps its settings. */
export function configPathOf(home: string): string {
  return join(home, 'config.yaml')
}

/** The parsed YAML with its comments; an absent file is an empty document, a broken one throws `E_CONFIG`. */
export async function readConfigDocument(home: string): Promise<Document> {
  const path = configPathOf(home)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return parseDocument('')
    throw new NodeError('E_CONFIG', `${path} cannot be read`, { cause })
  }
  if (Buffer.byteLength(text) > MAX_CONFIG_BYTES) {
    throw new NodeError('E_CONFIG', `${path} is larger than ${MAX_CONFIG_BYTES} bytes`)
  }
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true })
  const [broken] = document.errors
  if (broken)
    throw new NodeError('E_CONFIG', `${path}: ${broken.message.replace(/:?\n[\s\S]*$/, '')}`, { cause: broken })
  return document
}

/** Replaces config.yaml whole or not at all. */
export async function writeConfigText(home: string, text: string): Promise<void> {
  const path = configPathOf(home)
  const partial = `${path}.${randomUUID()}`
  try {
    const file = await open(partial, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(partial, path)
    await syncFolder(dirname(path))
  } catch (cause) {
    await rm(partial, { force: true })
    throw new NodeError('E_CONFIG', `${path} cannot be written`, { cause })
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

import { join } from 'node:path'
import { type Document, parseDocument } from 'yaml'
import { NodeError } from '../errors.ts'
import { readText, replaceFile } from '../storage/json-file.ts'
import { MAX_CONFIG_BYTES } from './limits.ts'

/** Where a home keeps its settings. */
export function configPathOf(home: string): string {
  return join(home, 'config.yaml')
}

/** The parsed YAML with its comments; an absent file is an empty document. @throws NodeError E_CONFIG; StorageError E_FILE */
export async function readConfigDocument(home: string): Promise<Document> {
  const path = configPathOf(home)
  const text = (await readText(path)) ?? ''
  if (Buffer.byteLength(text) > MAX_CONFIG_BYTES) {
    throw new NodeError('E_CONFIG', `${path} is larger than ${MAX_CONFIG_BYTES} bytes`, {
      hint: 'move it away; the next start writes a new one',
    })
  }
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true })
  const [broken] = document.errors
  if (broken)
    throw new NodeError('E_CONFIG', `${path}: ${broken.message.replace(/:?\n[\s\S]*$/, '')}`, {
      hint: `correct it in ${path}`,
    })
  return document
}

/** Replaces config.yaml whole or not at all. @throws StorageError E_DISK_FULL, E_FILE */
export async function writeConfigText(home: string, text: string): Promise<void> {
  await replaceFile(configPathOf(home), Buffer.from(text), 0o600)
}

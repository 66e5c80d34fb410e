import { type ArchiveKind, type InspectOptions, inspectArchive } from '../../../src/node/archives/index.ts'

/** The bytes as a stream of chunks of `size`. */
export async function* chunked(bytes: Uint8Array, size = 4096): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** `ok` or the code of the refusal. */
export async function verdictOn(
  bytes: Uint8Array,
  kind: ArchiveKind = 'npm',
  options?: InspectOptions,
): Promise<string> {
  const inspection = await inspectArchive(chunked(bytes), kind, options)
  return inspection.ok ? 'ok' : inspection.code
}

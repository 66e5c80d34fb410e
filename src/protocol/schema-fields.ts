import { CID } from 'multiformats/cid'
import { z } from 'zod'
import { ProtocolError } from './errors.ts'
import type { BlockId, FeedId, PackageName, PeerId, PublisherId, RecordId, ReleaseName, Sha256 } from './ids.ts'
import { blockIdOfCid, isPeerId, recordIdOfCid } from './ids-parse.ts'
import { parseKeyList } from './key-list.ts'
import { MAX_PURL_BYTES, MAX_VERSION_BYTES } from './limits.ts'
import { isPlainNpmPurl, parsePurl } from './purl.ts'
import type { KeyList } from './record.ts'
import { parseWriterFeed } from './record-frame.ts'
import { isCleanName } from './unicode.ts'
import { HELD_TAG_LENGTH } from './wire/limits.ts'

/** The fields that bodies are made of (section 4.4): what the decoded value must be, and the type it becomes. */

/** Any text of at most so many UTF-8 bytes; may be empty. */
export const textField = (maxBytes: number) =>
  z
    .string()
    .max(maxBytes)
    // A character has at most three bytes in UTF-8 for each unit of its string.
    .refine(text => text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes, 'too long')

/** Clean text of 1 to so many UTF-8 bytes. */
export const nameField = (maxBytes: number) => textField(maxBytes).refine(isCleanName, 'not a clean name')

export const wordField = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/)
export const versionField = nameField(MAX_VERSION_BYTES)
export const integerField = (least: number, most: number = Number.MAX_SAFE_INTEGER) => z.int().min(least).max(most)
export const bytesField = (least: number, most: number) =>
  z.custom<Uint8Array>(value => value instanceof Uint8Array && value.length >= least && value.length <= most, 'bytes')
export const digestField = bytesField(32, 32)
export const sha256Field = digestField.transform(bytes => Buffer.from(bytes).toString('hex') as Sha256)
export const peerField = z
  .string()
  .refine(isPeerId, 'not a peer id')
  .transform(text => text as PeerId)

/** The end of a publisher's id (section 13.1). */
export const heldTagField = z.string().regex(new RegExp(`^[a-z2-7]{${HELD_TAG_LENGTH}}$`))

export const recordField = z.custom<CID>(isLink(recordIdOfCid), 'not a record link').transform(recordIdOfCid)
export const publisherField = recordField.transform(id => id as string as PublisherId)
export const blockField = z.custom<CID>(isLink(blockIdOfCid), 'not a block link').transform(blockIdOfCid)

export const packageField = purlField(false).transform(text => text as PackageName)
export const releaseField = purlField(true).transform(text => text as ReleaseName)
export const purlOrReleaseField = z.union([packageField, releaseField])

export const keyListField = guarded<KeyList>(parseKeyList, 'not a key list')
export const writerFeedField = guarded<FeedId>(parseWriterFeed, "not a writer's feed")

/** A value that another parser takes; its refusal becomes the field's. */
export function guarded<T>(parse: (value: unknown) => T, message: string) {
  return z.unknown().transform((value, context) => {
    try {
      return parse(value)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    }
  })
}

/** The same items compare different by their key. */
export function areDistinct<T>(items: readonly T[], keyOf: (item: T) => string): boolean {
  return new Set(items.map(keyOf)).size === items.length
}

function isLink(parse: (cid: CID) => RecordId | BlockId): (value: unknown) => boolean {
  return value => {
    const cid = CID.asCID(value)
    if (cid === null) return false
    try {
      return parse(cid).length > 0
    } catch {
      return false
    }
  }
}

/** A canonical purl whose decoded parts are clean names too, with a version or without. */
function purlField(hasVersion: boolean) {
  return textField(MAX_PURL_BYTES).refine(text => {
    if (isPlainNpmPurl(text)) return text.lastIndexOf('@') > 0 === hasVersion
    const parsed = parsePurl(text)
    if (!parsed.ok) return false
    const { release, namespace, name, version } = parsed.value
    if ((release !== null) !== hasVersion || (release ?? parsed.value.package) !== text) return false
    return [namespace, name, version].every(part => part === null || isCleanName(part))
  }, 'not a canonical purl')
}

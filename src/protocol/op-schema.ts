import { z } from 'zod'
import {
  MAX_ARTIFACTS,
  MAX_AUDIENCE_ITEMS,
  MAX_CONTACT_BYTES,
  MAX_DEPENDENCIES,
  MAX_DEPENDENCY_KIND_BYTES,
  MAX_DESCRIPTION_BYTES,
  MAX_DIGEST_TEXT_BYTES,
  MAX_FILE_NAME_BYTES,
  MAX_HOLDS_ITEMS,
  MAX_INLINE_DOCUMENT_BYTES,
  MAX_INTEGRITY_BYTES,
  MAX_INTEGRITY_ITEMS,
  MAX_KEYWORD_BYTES,
  MAX_KEYWORDS,
  MAX_LICENSE_BYTES,
  MAX_MEDIA_TYPE_BYTES,
  MAX_MEMBER_NAME_BYTES,
  MAX_NAME_BYTES,
  MAX_OPS,
  MAX_PROFILE_NAME_BYTES,
  MAX_PROFILE_NODES,
  MAX_RANGE_BYTES,
  MAX_REASON_BYTES,
  MAX_SIZE_FIELD_BYTES,
  MAX_TAG_BYTES,
  MAX_UPSTREAM_BYTES,
} from './limits.ts'
import {
  areDistinct,
  blockField,
  bytesField,
  integerField,
  nameField,
  packageField,
  peerField,
  publisherField,
  purlOrReleaseField,
  recordField,
  releaseField,
  sha256Field,
  textField,
  versionField,
} from './schema-fields.ts'

/** The ops of each kind as they stand in a body (section 4.4). */

const sizeField = integerField(0, MAX_SIZE_FIELD_BYTES)
/** No separator: an artifact's name is one path segment wherever it is written. */
const fileNameField = nameField(MAX_FILE_NAME_BYTES).refine(
  name => !/[/\\]/.test(name) && name !== '.' && name !== '..',
)
const integrityField = z
  .string()
  .max(MAX_INTEGRITY_BYTES)
  .regex(/^[a-z0-9]+-[A-Za-z0-9+/]+={0,2}$/)

const artifact = z.strictObject({
  name: fileNameField,
  cid: blockField,
  size: sizeField,
  sha256: sha256Field,
  integrity: z.exactOptional(z.array(integrityField).min(1).max(MAX_INTEGRITY_ITEMS)),
})

const media = nameField(MAX_MEDIA_TYPE_BYTES)
const document = z.union([
  z.strictObject({ media, bytes: bytesField(0, MAX_INLINE_DOCUMENT_BYTES) }),
  z.strictObject({ media, cid: blockField, size: sizeField }),
])

const dependency = z.tuple([
  nameField(MAX_NAME_BYTES),
  textField(MAX_RANGE_BYTES),
  nameField(MAX_DEPENDENCY_KIND_BYTES),
])

/** Order of dependencies: by name, then range, then kind, as UTF-8 bytes. */
export function compareDependencies(a: readonly string[], b: readonly string[]): number {
  for (const [index, part] of a.entries()) {
    const order = Buffer.compare(Buffer.from(part), Buffer.from(b[index] ?? ''))
    if (order !== 0) return order
  }
  return 0
}

const summary = z.strictObject({
  description: z.exactOptional(textField(MAX_DESCRIPTION_BYTES)),
  keywords: z.exactOptional(z.array(nameField(MAX_KEYWORD_BYTES)).max(MAX_KEYWORDS)),
  license: z.exactOptional(nameField(MAX_LICENSE_BYTES)),
  dependencies: z.exactOptional(
    z
      .array(dependency)
      .max(MAX_DEPENDENCIES)
      .refine(
        list => list.every((item, index) => index === 0 || compareDependencies(list[index - 1] ?? [], item) < 0),
        'dependencies not sorted',
      ),
  ),
  scripts: z.exactOptional(z.boolean()),
})

const release = z
  .strictObject({
    purl: releaseField,
    artifacts: z
      .array(artifact)
      .min(1)
      .max(MAX_ARTIFACTS)
      .refine(list => areDistinct(list, item => item.name), 'one file name twice'),
    summary,
    manifest: z.exactOptional(document),
  })
  .transform(fields => ({ op: 'release' as const, ...fields }))

const reason = textField(MAX_REASON_BYTES)
const address = z.tuple([recordField, integerField(0, MAX_OPS - 1)])
const target = z.union([
  z.strictObject({ purl: purlOrReleaseField, reason }),
  z.strictObject({ at: address, reason }),
  z.strictObject({ undo: z.array(address).min(1).max(MAX_OPS) }),
])
const yank = target.transform(fields => ({ op: 'yank' as const, target: fields }))
const deprecate = target.transform(fields => ({ op: 'deprecate' as const, target: fields }))

const tag = z
  .strictObject({ purl: packageField, tag: nameField(MAX_TAG_BYTES), version: versionField.nullable() })
  .transform(fields => ({ op: 'tag' as const, ...fields }))

const origin = z
  .strictObject({
    purl: releaseField,
    upstream: nameField(MAX_UPSTREAM_BYTES),
    digest: nameField(MAX_DIGEST_TEXT_BYTES),
    time: integerField(0).nullable(),
    artifact,
  })
  .transform(fields => ({ op: 'origin' as const, ...fields }))

const holds = z
  .strictObject({
    peer: peerField,
    publishers: z.array(publisherField).max(MAX_HOLDS_ITEMS),
    cids: z.array(blockField).max(MAX_HOLDS_ITEMS),
    undo: z.exactOptional(z.literal(true)),
  })
  .transform(fields => ({ op: 'holds' as const, ...fields, undo: fields.undo === true }))

const profile = z
  .strictObject({
    name: nameField(MAX_PROFILE_NAME_BYTES),
    nodes: z.array(peerField).max(MAX_PROFILE_NODES),
    contact: z.exactOptional(nameField(MAX_CONTACT_BYTES)),
  })
  .transform(fields => ({ op: 'profile' as const, ...fields }))

const audience = z
  .strictObject({
    peers: z.array(peerField).min(1).max(MAX_AUDIENCE_ITEMS),
    undo: z.exactOptional(z.literal(true)),
  })
  .transform(fields => ({ op: 'audience' as const, ...fields, undo: fields.undo === true }))

const member = z
  .strictObject({
    peer: peerField,
    name: z.exactOptional(nameField(MAX_MEMBER_NAME_BYTES)),
    undo: z.exactOptional(z.literal(true)),
  })
  .transform(fields => ({ op: 'member' as const, ...fields, undo: fields.undo === true }))

const opsOf = <T extends z.ZodType>(op: T) => z.strictObject({ ops: z.array(op).min(1).max(MAX_OPS) })

/** The body schema of every kind of a writer's record. */
export const OPS_SCHEMAS = {
  release: opsOf(release),
  yank: opsOf(yank),
  deprecate: opsOf(deprecate),
  tag: opsOf(tag),
  origin: opsOf(origin),
  holds: opsOf(holds),
  profile: opsOf(profile),
  audience: opsOf(audience),
  member: opsOf(member),
}

import { z } from 'zod'
import { ProtocolError } from './errors.ts'
import { feedIdOf, parseKeyLists } from './key-list.ts'
import {
  MAX_PATTERN_BYTES,
  MAX_REASON_BYTES,
  MAX_ROOT_KEYS,
  MAX_SALT_BYTES,
  MAX_SCOPE_PATTERNS,
  MIN_SALT_BYTES,
} from './limits.ts'
import { OPS_SCHEMAS } from './op-schema.ts'
import { parsePattern } from './pattern.ts'
import type { OpsBody, UnderstoodBody } from './record.ts'
import type { RecordFrame } from './record-frame.ts'
import {
  areDistinct,
  bytesField,
  digestField,
  guarded,
  integerField,
  keyListField,
  nameField,
  recordField,
  textField,
  wordField,
  writerFeedField,
} from './schema-fields.ts'

const digests = z
  .array(digestField)
  .max(MAX_ROOT_KEYS)
  .refine(list => areDistinct(list, digest => Buffer.from(digest).toString('hex')), 'one digest twice')

const identityFields = {
  keys: guarded(parseKeyLists, 'not root keys'),
  // A higher threshold is a rule this version does not know: inert, never weaker than meant.
  threshold: z.literal(1),
  next: digests,
  recovery: digests,
  salt: bytesField(MIN_SALT_BYTES, MAX_SALT_BYTES),
}

const scopePattern = nameField(MAX_PATTERN_BYTES).refine(text => {
  const parsed = parsePattern(text)
  return parsed.ok && parsed.value === text
}, 'not a pattern')

const delegate = z
  .strictObject({
    feed: writerFeedField,
    key: guarded(parseDelegatedKey, 'not a key'),
    role: wordField,
    // Empty: every name.
    scope: z.array(scopePattern).max(MAX_SCOPE_PATTERNS),
    visibility: z.enum(['public', 'private', 'listed']),
    expires: z.exactOptional(integerField(0)),
  })
  .refine(body => body.feed === feedIdOf(body.key), 'feed is not its key')
  .refine(
    body => body.visibility === 'public' || body.scope.every(pattern => pattern === '*'),
    'names of a feed that is not public',
  )
  .transform(fields => ({ typ: 'delegate' as const, ...fields }))

const voiding = z
  .strictObject({
    feed: writerFeedField,
    from: integerField(1),
    head: recordField.nullable(),
    reason: textField(MAX_REASON_BYTES),
  })
  .refine(body => body.from > 1 || body.head === null, 'a head below the first record')
  .transform(fields => ({ typ: 'void' as const, ...fields }))

const identity = z.strictObject(identityFields).transform(fields => ({ typ: 'identity' as const, ...fields }))
const rotated = z.strictObject(identityFields)

/**
 * The body of a kind known in that feed, fitting its schema exactly (section 4.4).
 * @throws ProtocolError E_BODY
 */
export function parseBody(frame: Pick<RecordFrame, 'publisher' | 'typ' | 'rootKey' | 'body'>): UnderstoodBody {
  if (frame.rootKey === null) return parseOps(frame.typ, frame.body)
  if (frame.publisher === null) return read(identity, frame.body)
  switch (frame.typ) {
    case 'delegate':
      return read(delegate, frame.body)
    case 'void':
      return read(voiding, frame.body)
    case 'rotate':
      return { typ: 'rotate', by: frame.rootKey, ...read(rotated, frame.body) }
    default:
      throw new ProtocolError('E_BODY', `no root kind ${frame.typ}`)
  }
}

function parseOps(typ: string, body: unknown): OpsBody {
  if (!isOpKind(typ)) throw new ProtocolError('E_BODY', `no writer's kind ${typ}`)
  const schema: z.ZodType<Omit<OpsBody, 'typ'>> = OPS_SCHEMAS[typ]
  return { typ: 'ops', ...read(schema, body) }
}

function isOpKind(typ: string): typ is keyof typeof OPS_SCHEMAS {
  return Object.hasOwn(OPS_SCHEMAS, typ)
}

function parseDelegatedKey(value: unknown): readonly [number, Uint8Array] {
  const [key] = keyListField.safeParse([value]).data ?? []
  if (key === undefined) throw new ProtocolError('E_BODY', 'not a key')
  return key
}

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new ProtocolError('E_BODY', `body: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not its schema'}`)
}

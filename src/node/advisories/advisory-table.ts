import { z } from 'zod'
import type { AdvisoryText, AffectedVersions, PackageName } from '../../protocol/index.ts'
import { StorageError, type Table, type Write } from '../storage/index.ts'

/**
 * The table of advisories: `malware/ID` and `vulnerability/ID` hold what an advisory says and of which packages, in the
 * order of a listing; `package/PURL` all that is said of one package; `gone/ID` when an advisory that was withdrawn, or
 * removed here, was last changed; `state` the sums.
 */
const kindSchema = z.enum(['malware', 'vulnerability'])
const textSchema = z.object({
  id: z.string(),
  kind: kindSchema,
  severity: z.enum(['low', 'moderate', 'high', 'critical', 'unknown']),
  summary: z.string(),
  url: z.string().nullable(),
  cwe: z.array(z.string()),
  cvss: z.object({ score: z.number(), vector: z.string() }).nullable(),
  modified: z.number(),
})
const spanSchema = z.object({
  introduced: z.string(),
  fixed: z.string().nullable(),
  lastAffected: z.string().nullable(),
})
const entriesSchema = z.array(textSchema.extend({ spans: z.array(spanSchema), versions: z.array(z.string()) }))
const heldSchema = textSchema.extend({ packages: z.array(z.string().transform(text => text as PackageName)) })
const stateSchema = z.object({
  /** Advisories held, and how many of them are about malware. */
  held: z.number(),
  malware: z.number(),
  /** When the newest one ever imported was last changed, ms since 1970. */
  newest: z.number().nullable(),
})

/** An advisory as far as one package is concerned. */
export interface PackageAdvisory extends AdvisoryText, AffectedVersions {}
/** An advisory and the packages that it names. */
export interface HeldAdvisory extends AdvisoryText {
  readonly packages: readonly PackageName[]
}
export type AdvisoryState = z.output<typeof stateSchema>

const NO_ADVISORIES: AdvisoryState = { held: 0, malware: 0, newest: null }

const keyOfAdvisory = (kind: AdvisoryText['kind'], id: string): string => `${kind}/${id}`
const keyOfPackage = (name: PackageName): string => `package/${name}`
const keyOfGone = (id: string): string => `gone/${id}`

/** @throws StorageError E_STORAGE_FAILED: what says which packages are malware is never taken for empty */
export function readPackage(table: Table, name: PackageName): readonly PackageAdvisory[] {
  return read(table, keyOfPackage(name), entriesSchema) ?? []
}

/** @throws StorageError E_STORAGE_FAILED */
export function readAdvisory(table: Table, id: string): HeldAdvisory | null {
  return (
    read(table, keyOfAdvisory('malware', id), heldSchema) ?? read(table, keyOfAdvisory('vulnerability', id), heldSchema)
  )
}

/** When an advisory that is not held any more was last changed, ms since 1970; null: it never was, or is held. */
export function readGone(table: Table, id: string): number | null {
  return read(table, keyOfGone(id), z.number())
}

export function readState(table: Table): AdvisoryState {
  return read(table, 'state', stateSchema) ?? NO_ADVISORIES
}

/** Advisories in the order of a listing: malware first, then by id. */
export async function* scanAdvisories(table: Table, limit: number): AsyncGenerator<HeldAdvisory> {
  let left = limit
  for (const kind of kindSchema.options) {
    for await (const [key, value] of table.iterator({ gt: `${kind}/`, lt: `${kind}0`, limit: left })) {
      left--
      yield parse(key, value, heldSchema)
    }
    if (left <= 0) return
  }
}

export const putAdvisory = (advisory: HeldAdvisory): Write => put(keyOfAdvisory(advisory.kind, advisory.id), advisory)
export const putGone = (id: string, modified: number): Write => put(keyOfGone(id), modified)
export const putState = (state: AdvisoryState): Write => put('state', state)
export const dropAdvisory = ({ kind, id }: Pick<AdvisoryText, 'kind' | 'id'>): Write => drop(keyOfAdvisory(kind, id))
export const dropGone = (id: string): Write => drop(keyOfGone(id))
export const putPackage = (name: PackageName, entries: readonly PackageAdvisory[]): Write =>
  entries.length === 0 ? drop(keyOfPackage(name)) : put(keyOfPackage(name), entries)

const put = (key: string, value: unknown): Write => ({
  type: 'put',
  table: 'advisories',
  key,
  value: Buffer.from(JSON.stringify(value)),
})
const drop = (key: string): Write => ({ type: 'del', table: 'advisories', key })

function read<T>(table: Table, key: string, schema: z.ZodType<T>): T | null {
  const value = table.getSync(key)
  return value === undefined ? null : parse(key, value, schema)
}

function parse<T>(key: string, value: Uint8Array, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')))
  } catch (cause) {
    throw new StorageError('E_STORAGE_FAILED', `the stored advisories cannot be read (${key})`, {
      cause,
      hint: 'the disk may be failing: hanse doctor',
    })
  }
}

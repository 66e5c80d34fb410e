/** Why an archive is refused; closed, each code names one rule of DESIGN section 8. */
export type ArchiveCode =
  | 'E_ARCHIVE_TOO_LARGE'
  | 'E_ARCHIVE_UNPACKED'
  | 'E_ARCHIVE_RATIO'
  | 'E_ARCHIVE_ENTRIES'
  | 'E_ARCHIVE_PATH'
  | 'E_ARCHIVE_DUPLICATE'
  | 'E_ARCHIVE_CASE_CLASH'
  | 'E_ARCHIVE_ROOT'
  | 'E_ARCHIVE_LINK'
  | 'E_ARCHIVE_TYPE'
  | 'E_ARCHIVE_MODE'
  | 'E_ARCHIVE_FORMAT'
  | 'E_ARCHIVE_PAX'
  | 'E_ARCHIVE_COMPRESSION'
  | 'E_ARCHIVE_CHECKSUM'
  | 'E_ARCHIVE_TRUNCATED'
  | 'E_ARCHIVE_TRAILING'
  | 'E_ARCHIVE_DISAGREES'
  | 'E_ARCHIVE_RECORD'
  | 'E_ARCHIVE_MANIFEST'
  | 'E_ARCHIVE_MISMATCH'
  | 'E_ARCHIVE_PRIVATE'

/** Carries a refusal out of the nested parsers; `inspectArchive` turns it into its closed answer. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: ArchiveCode

  constructor(code: ArchiveCode, why: string) {
    super(why)
    this.code = code
  }
}

/** Ends the inspection with a refusal. */
export function refuse(code: ArchiveCode, why: string): never {
  throw new Refusal(code, why)
}

/** Text of a stranger made fit for one line of a message: printable, at most 120 characters. */
export function quoted(text: string): string {
  const cut = text.length > 120 ? `${text.slice(0, 117)}...` : text
  return JSON.stringify(cut.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?'))
}

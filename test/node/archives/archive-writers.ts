import { createHash } from 'node:crypto'
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'

/** One tar entry, each field as hostile as a test wants it. */
export interface TarSpec {
  readonly name: string | Uint8Array
  readonly body?: string | Uint8Array
  readonly flag?: string
  readonly mode?: string
  readonly size?: number
  readonly mtime?: number
  readonly link?: string
  readonly magic?: string
  readonly prefix?: string
  readonly checksum?: number
  readonly devmajor?: string
}

const bytesOf = (value: string | Uint8Array) => Buffer.from(value as string)
const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0')

export function tarEntry(spec: TarSpec): Buffer {
  const body = bytesOf(spec.body ?? '')
  const header = Buffer.alloc(512)
  bytesOf(spec.name).copy(header, 0, 0, 100)
  header.write(spec.mode ?? '000644 \0', 100, 'latin1')
  header.write(`${octal(spec.size ?? body.length, 11)}\0`, 124, 'latin1')
  header.write(`${octal(spec.mtime ?? 0, 11)}\0`, 136, 'latin1')
  header.write(spec.flag ?? '0', 156, 'latin1')
  header.write(spec.link ?? '', 157, 'latin1')
  header.write(spec.magic ?? 'ustar\u000000', 257, 'latin1')
  header.write(spec.devmajor ?? '', 329, 'latin1')
  header.write(spec.prefix ?? '', 345, 'latin1')
  header.fill(32, 148, 156)
  const sum = spec.checksum ?? header.reduce((total, byte) => total + byte, 0)
  header.write(`${octal(sum, 6)}\0 `, 148, 'latin1')
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)])
}

export const GNU = 'ustar  \0'
export const zeroBlocks = (count: number) => Buffer.alloc(512 * count)

/** A whole tar stream with its two zero blocks. */
export const tarOf = (...specs: TarSpec[]) => Buffer.concat([...specs.map(tarEntry), zeroBlocks(2)])
export const tgzOf = (...specs: TarSpec[]) => gzipSync(tarOf(...specs))

/** A PAX header entry with the given records. */
export function paxEntry(records: Record<string, string>): TarSpec {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`)
    let length = rest + 1
    while (String(length).length + rest !== length) length++
    return `${length} ${key}=${value}\n`
  })
  return { name: 'PaxHeader/x', flag: 'x', body: lines.join('') }
}

export const packageJson = (fields: object = {}): TarSpec => ({
  name: 'package/package.json',
  body: JSON.stringify({ name: 'x', version: '1.0.0', ...fields }),
})

/** One zip entry; `central` overrides fields of the central header only. */
export interface ZipSpec {
  readonly name: string
  readonly body?: string | Uint8Array
  readonly stored?: boolean
  readonly descriptor?: boolean
  readonly flags?: number
  readonly mode?: number
  readonly extra?: Buffer
  readonly crc?: number
  readonly central?: { readonly name?: string; readonly size?: number; readonly crc?: number; readonly offset?: number }
}
export interface ZipParts {
  readonly before?: Buffer
  readonly after?: Buffer
  readonly comment?: string
  readonly count?: number
}

function fields(spec: ZipSpec, name: Buffer, body: Buffer, packed: Buffer, blank: boolean): Buffer {
  const out = Buffer.alloc(26)
  out.writeUInt16LE(20, 0)
  out.writeUInt16LE((spec.flags ?? 0x800) | (spec.descriptor ? 8 : 0), 2)
  out.writeUInt16LE(spec.stored ? 0 : 8, 4)
  out.writeUInt32LE(blank ? 0 : (spec.crc ?? crc32(body)), 10)
  out.writeUInt32LE(blank ? 0 : packed.length, 14)
  out.writeUInt32LE(blank ? 0 : body.length, 18)
  out.writeUInt16LE(name.length, 22)
  out.writeUInt16LE(spec.extra?.length ?? 0, 24)
  return out
}
const word = (value: number) => {
  const out = Buffer.alloc(4)
  out.writeUInt32LE(value)
  return out
}

export function zipOf(specs: readonly ZipSpec[], parts: ZipParts = {}): Buffer {
  const locals: Buffer[] = [parts.before ?? Buffer.alloc(0)]
  const centrals: Buffer[] = []
  let offset = parts.before?.length ?? 0
  for (const spec of specs) {
    const body = bytesOf(spec.body ?? '')
    const packed = spec.stored ? body : deflateRawSync(body)
    const name = Buffer.from(spec.name)
    const extra = spec.extra ?? Buffer.alloc(0)
    const tail = [word(0x08074b50), word(crc32(body)), word(packed.length), word(body.length)]
    const local = Buffer.concat([
      word(0x04034b50),
      fields(spec, name, body, packed, spec.descriptor === true),
      name,
      extra,
      packed,
      ...(spec.descriptor ? tail : []),
    ])
    const centralName = Buffer.from(spec.central?.name ?? spec.name)
    const common = fields(spec, centralName, body, packed, false)
    if (spec.central?.size !== undefined) common.writeUInt32LE(spec.central.size, 18)
    if (spec.central?.crc !== undefined) common.writeUInt32LE(spec.central.crc, 10)
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(((spec.mode ?? 0o100644) << 16) >>> 0, 6)
    rest.writeUInt32LE(spec.central?.offset ?? offset, 10)
    centrals.push(Buffer.concat([word(0x02014b50), Buffer.from([20, 3]), common, rest, centralName, extra]))
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(centrals)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(parts.count ?? specs.length, 4)
  end.writeUInt16LE(parts.count ?? specs.length, 6)
  end.writeUInt32LE(directory.length, 8)
  end.writeUInt32LE(offset, 12)
  end.writeUInt16LE(parts.comment?.length ?? 0, 16)
  return Buffer.concat([
    ...locals,
    directory,
    word(0x06054b50),
    end,
    Buffer.from(parts.comment ?? ''),
    parts.after ?? Buffer.alloc(0),
  ])
}

export const METADATA =
  'Metadata-Version: 2.1\nName: Foo.Bar\nVersion: 1.0\nSummary: A foo\nKeywords: a,b\nRequires-Dist: six (>=1.0)\nRequires-Dist: Dev_Tool; extra == "dev"\n\nlong text\n'

/** The files of a sound wheel of foo-bar 1.0, RECORD made from the others; `record` edits its text. */
export function wheelFiles(more: readonly ZipSpec[] = [], record: (text: string) => string = text => text): ZipSpec[] {
  const files: ZipSpec[] = [
    { name: 'foo_bar/__init__.py', body: 'print(1)\n' },
    ...more,
    { name: 'foo_bar-1.0.dist-info/METADATA', body: METADATA },
    {
      name: 'foo_bar-1.0.dist-info/WHEEL',
      body: 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\nTag: py2-none-any\n',
    },
  ]
  const lines = files.map(file => {
    const body = bytesOf(file.body ?? '')
    return `${file.name},sha256=${createHash('sha256').update(body).digest('base64url')},${body.length}\n`
  })
  const text = record(`${lines.join('')}foo_bar-1.0.dist-info/RECORD,,\n`)
  return [...files, { name: 'foo_bar-1.0.dist-info/RECORD', body: text }]
}

import { crc32 } from 'node:zlib'

/** A zip archive of these files, stored as they are. */
export function zipOf(files: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, text] of Object.entries(files)) {
    const [path, data] = [Buffer.from(name), Buffer.from(text)]
    const fields = Buffer.alloc(22)
    fields.writeUInt32LE(crc32(data), 10)
    fields.writeUInt32LE(data.length, 14)
    fields.writeUInt32LE(data.length, 18)
    const local = Buffer.concat([
      word(0x04034b50),
      half(20),
      fields.subarray(2),
      half(path.length),
      half(0),
      path,
      data,
    ])
    directory.push(
      Buffer.concat([
        word(0x02014b50),
        half(20),
        half(20),
        fields.subarray(2),
        half(path.length),
        Buffer.alloc(12),
        word(offset),
        path,
      ]),
    )
    parts.push(local)
    offset += local.length
  }
  const listing = Buffer.concat(directory)
  const count = half(directory.length)
  const end = Buffer.concat([
    word(0x06054b50),
    half(0),
    half(0),
    count,
    count,
    word(listing.length),
    word(offset),
    half(0),
  ])
  return Buffer.concat([...parts, listing, end])
}

const half = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}
const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

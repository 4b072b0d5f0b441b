import { crc32, deflateRawSync } from 'node:zlib'

/**
 * A ZIP archive written file by file, so that it can go on where another process stopped: all that is needed is where it is
 * and what the files before are called. The format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, without the
 * extension for more than 4 GiB or 65,535 files.
 */
export type ZippedFile = { name: string; crc: number; compressedBytes: number; bytes: number; offset: number }

const LOCAL_HEADER = 0x04034b50
const CENTRAL_HEADER = 0x02014b50
const END = 0x06054b50
const VERSION = 20
/** Names are UTF-8. */
const FLAGS = 0x0800
const DEFLATED = 8
/** The first of January 1980: what is in a file says when it is from. */
const [NO_TIME, NO_DATE] = [0, 0x21]

export const LARGEST_ARCHIVE_BYTES = 0xffff_ffff
export const MOST_ARCHIVE_FILES = 0xffff

/** One file as the archive holds it, at an offset: its header and its compressed bytes. */
export function zipFile(name: string, content: Buffer, offset: number): { file: ZippedFile; bytes: Buffer } {
  const data = deflateRawSync(content)
  const file = { name, crc: crc32(content), compressedBytes: data.length, bytes: content.length, offset }
  if (offset + data.length > LARGEST_ARCHIVE_BYTES - 1024 * 1024)
    throw new Error('an archive of more than 4 GiB cannot be written')
  const header = Buffer.alloc(30)
  header.writeUInt32LE(LOCAL_HEADER, 0)
  writeCommon(header, 4, file)
  const nameBytes = Buffer.from(name)
  return { file, bytes: Buffer.concat([header, nameBytes, data]) }
}

/** What ends an archive: the list of its files, and where that begins. */
export function endZip(files: readonly ZippedFile[], offset: number): Buffer {
  if (files.length > MOST_ARCHIVE_FILES)
    throw new Error(`an archive of ${files.length} files cannot be written`)
  const entries = files.map(centralHeader)
  const bytes = entries.reduce((sum, entry) => sum + entry.length, 0)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(END, 0)
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(bytes, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...entries, end])
}

function centralHeader(file: ZippedFile): Buffer {
  const header = Buffer.alloc(46)
  header.writeUInt32LE(CENTRAL_HEADER, 0)
  header.writeUInt16LE(VERSION, 4)
  writeCommon(header, 6, file)
  header.writeUInt32LE(file.offset, 42)
  return Buffer.concat([header, Buffer.from(file.name)])
}

/** From the version that is needed to the lengths: both headers have it in the same order. */
function writeCommon(header: Buffer, at: number, { name, crc, compressedBytes, bytes }: ZippedFile): void {
  header.writeUInt16LE(VERSION, at)
  header.writeUInt16LE(FLAGS, at + 2)
  header.writeUInt16LE(DEFLATED, at + 4)
  header.writeUInt16LE(NO_TIME, at + 6)
  header.writeUInt16LE(NO_DATE, at + 8)
  header.writeUInt32LE(crc, at + 10)
  header.writeUInt32LE(compressedBytes, at + 14)
  header.writeUInt32LE(bytes, at + 18)
  header.writeUInt16LE(Buffer.byteLength(name), at + 22)
}

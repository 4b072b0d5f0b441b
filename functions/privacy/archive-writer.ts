import { type ExportRow, writeCsvRows, writeJsonRows } from './present-item.ts'
import { endZip, type ZippedFile, zipFile } from './write-zip.ts'

/** What of an archive has been written: its files so far, where it goes on, and how many files there are of each kind. */
export type Archive = {
  files: ZippedFile[]
  offset: number
  counts: Record<string, number>
  /** What is zipped and not sent yet, in base64. */
  pending?: string
}

export type ArchiveWriter = ReturnType<typeof writeArchive>

/** Goes on with an archive, which it changes: rows are held until they are a group, then zipped as JSON and as CSV. */
export function writeArchive(archive: Archive, groupBytes: number) {
  const groups = new Map<string, ExportRow[]>()
  let heldBytes = 0
  let chunks: Buffer[] = archive.pending === undefined ? [] : [Buffer.from(archive.pending, 'base64')]
  delete archive.pending

  function addFile(name: string, text: string): void {
    const { file, bytes } = zipFile(name, Buffer.from(text), archive.offset)
    archive.files.push(file)
    archive.offset += bytes.length
    chunks.push(bytes)
  }

  /** Rows of one kind, such as `acc_…/members`. */
  function addRows(kind: string, rows: readonly ExportRow[]): void {
    const held = groups.get(kind) ?? []
    held.push(...rows)
    groups.set(kind, held)
    heldBytes += JSON.stringify(rows).length
    if (heldBytes >= groupBytes) zipRows()
  }

  /** Zips all rows that are held, each kind under the next of its numbers. */
  function zipRows(): void {
    for (const [kind, rows] of groups) {
      const count = (archive.counts[kind] ?? 0) + 1
      archive.counts[kind] = count
      const name = `${kind}-${String(count).padStart(4, '0')}`
      addFile(`${name}.json`, writeJsonRows(rows))
      addFile(`${name}.csv`, writeCsvRows(rows))
    }
    groups.clear()
    heldBytes = 0
  }

  /** How much is zipped and not taken yet. */
  const zippedBytes = () => chunks.reduce((sum, chunk) => sum + chunk.length, 0)

  /** All that is there and was not taken before; rows that are held first. */
  function take(): Buffer {
    zipRows()
    const taken = Buffer.concat(chunks)
    chunks = []
    return taken
  }

  /** The same with what ends the archive. */
  function takeLast(): Buffer {
    const taken = take()
    return Buffer.concat([taken, endZip(archive.files, archive.offset)])
  }

  return { addFile, addRows, zippedBytes, take, takeLast }
}

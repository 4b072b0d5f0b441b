import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What is known of an object beside its bytes. */
export type ObjectRecord = {
  key: string
  sizeBytes: number
  /** The quoted MD5 of the bytes, as S3 gives it for a plain PutObject. */
  etag: string
  /** ISO instant of the clock. */
  lastModified: string
  /** Headers that come back with the object: content type, user metadata, checksums. */
  headers: Record<string, string>
  /** The file of the bytes. */
  bodyFile: string
}

export type ObjectStore = ReturnType<typeof openObjectStore>

/**
 * The objects of one bucket in a folder of their own. Files are named by the hash of the key, so that no key can name a place outside of
 * it, collide with another or be too long. Bytes go to a new file first; moving the record into place makes the object the
 * current one, whole, and a crash leaves at most a file that nobody names, which the next start removes.
 */
export function openObjectStore(folder: string) {
  mkdirSync(folder, { recursive: true })
  const records = readRecords(folder)

  return {
    find: (key: string): ObjectRecord | undefined => records.get(key),
    read: (record: ObjectRecord): Promise<Buffer> => readFile(join(folder, record.bodyFile)),
    /** Synchronous, so that between a condition checked by the caller and the write nothing else happens. */
    put: (key: string, body: Buffer, headers: Record<string, string>): ObjectRecord => {
      const previous = records.get(key)
      const record: ObjectRecord = {
        key,
        sizeBytes: body.length,
        etag: `"${createHash('md5').update(body).digest('hex')}"`,
        lastModified: new Date().toISOString(),
        headers,
        bodyFile: `${hashOf(key)}.${randomUUID()}.body`,
      }
      writeFileSync(join(folder, record.bodyFile), body)
      const unfinished = join(folder, `${record.bodyFile}.unfinished`)
      writeFileSync(unfinished, JSON.stringify(record))
      renameSync(unfinished, join(folder, recordFileOf(key)))
      records.set(key, record)
      if (previous) rmSync(join(folder, previous.bodyFile), { force: true })
      return record
    },
    /** Deleting what is not there changes nothing. */
    remove: (key: string): void => {
      const record = records.get(key)
      if (!record) return
      records.delete(key)
      rmSync(join(folder, recordFileOf(key)))
      rmSync(join(folder, record.bodyFile), { force: true })
    },
    /** In the order of S3: by the UTF-8 bytes of the keys. */
    list: (prefix: string): ObjectRecord[] =>
      [...records.values()]
        .filter((record) => record.key.startsWith(prefix))
        .sort((one, other) => compareKeys(one.key, other.key)),
  }
}

/** Negative when the first key comes first. */
export function compareKeys(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}

function readRecords(folder: string): Map<string, ObjectRecord> {
  const names = readdirSync(folder)
  const records = names
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as ObjectRecord)
  const wanted = new Set(records.map((record) => record.bodyFile))
  for (const name of names) {
    if (!name.endsWith('.json') && !wanted.has(name)) rmSync(join(folder, name))
  }
  return new Map(records.map((record) => [record.key, record]))
}

function recordFileOf(key: string): string {
  return `${hashOf(key)}.json`
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

import { existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { writeFileWhole } from './write-file-whole.ts'

/** Another process has the folder; the message says which and where it answers. */
export class FolderInUseError extends Error {
  override name = 'FolderInUseError'
}

export type FolderLock = {
  /** Tells whoever tries to start here next where this stack answers. */
  announce(url: string): void
  release(): void
}

/**
 * Takes a data folder for this process, or throws `FolderInUseError`. The operating system holds the lock and drops it when the
 * process ends in any way, so that nothing has to be tidied up after a kill.
 */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const ownerFile = join(folder, 'owner.json')
  const database = new DatabaseSync(join(realpathSync(folder), 'lock.sqlite'))
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE;')
  } catch (error) {
    database.close()
    if (!/locked|busy/i.test(String(error))) throw error
    throw new FolderInUseError(
      `${folder} is in use by another Drawdown${ownerOf(ownerFile)}. Stop it, or choose another folder.`,
    )
  }
  const write = (owner: { processId: number; url?: string }) =>
    writeFileWhole(ownerFile, JSON.stringify(owner))
  write({ processId: process.pid })
  return {
    announce: (url) => write({ processId: process.pid, url }),
    release() {
      database.exec('ROLLBACK')
      database.close()
    },
  }
}

function ownerOf(file: string): string {
  if (!existsSync(file)) return ''
  const { processId, url } = JSON.parse(readFileSync(file, 'utf8')) as { processId: number; url?: string }
  return ` (process ${processId}${url === undefined ? '' : `, ${url}`})`
}

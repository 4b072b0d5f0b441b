import { renameSync, writeFileSync } from 'node:fs'

/** Writes a small file so that a reader or a crash never meets half of it. */
export function writeFileWhole(file: string, content: string): void {
  const unfinished = `${file}.${process.pid}.unfinished`
  writeFileSync(unfinished, content, { mode: 0o600 })
  renameSync(unfinished, file)
}

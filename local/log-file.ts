import { appendFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'

const longestLogBytes = 20 * 1024 * 1024

export type LogFile = { path: string; write(source: string, text: string): void }

/** `functions.log` in a folder: what the functions printed. One that has grown past 20 MB makes room for a new one at start. */
export function openLogFile(folder: string): LogFile {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'functions.log')
  if (existsSync(path) && statSync(path).size > longestLogBytes)
    renameSync(path, join(folder, 'functions.previous.log'))
  return {
    path,
    write(source, text) {
      const lines = text.split('\n').filter((line) => line !== '')
      if (lines.length > 0) appendFileSync(path, lines.map((line) => `${source} ${line}\n`).join(''))
    },
  }
}

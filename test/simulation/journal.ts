import { createHash } from 'node:crypto'

/** What happened, line by line: all of it in the hash, what matters to people in the lines. */
export class Journal {
  readonly lines: string[] = []
  private readonly hash = createHash('sha256')

  note(line: string, isShown = true): void {
    this.hash.update(`${line}\n`)
    if (isShown) this.lines.push(line)
  }

  digest(): string {
    return this.hash.digest('hex')
  }
}

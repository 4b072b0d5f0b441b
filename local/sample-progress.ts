import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** How far the sample month of a data folder is, kept in the folder. */
export type SampleProgress = {
  /** True for a new folder, and for one whose first start failed before its sample began (its port was taken, say). */
  isDue(): boolean
  plan(): void
  begin(): void
  finish(): void
  /** True when the month began and was cut off. */
  isCutOff(): boolean
}

export function sampleProgress(folder: string): SampleProgress {
  const planned = join(folder, 'sample-month.planned')
  const unfinished = join(folder, 'sample-month.unfinished')
  return {
    isDue: () => existsSync(planned) || !existsSync(join(folder, 'clock.json')),
    plan() {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      writeFileSync(planned, '')
    },
    begin() {
      writeFileSync(unfinished, '')
      rmSync(planned, { force: true })
    },
    finish: () => rmSync(unfinished),
    isCutOff: () => existsSync(unfinished),
  }
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sampleProgress } from '../../local/sample-progress.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drawdown-sample-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const startsUp = () => writeFileSync(join(folder, 'clock.json'), '{}')

test('a first start that failed before its sample, as on a taken port, leaves it to the next', () => {
  sampleProgress(join(folder)).plan()
  startsUp()
  expect(sampleProgress(folder).isDue()).toBe(true)
})

test('a sample is played once, and one that was cut off is told but not played again', () => {
  const progress = sampleProgress(folder)
  expect(progress.isDue()).toBe(true)
  progress.plan()
  startsUp()
  progress.begin()
  expect([progress.isDue(), progress.isCutOff()]).toEqual([false, true])
  progress.finish()
  expect([progress.isDue(), progress.isCutOff()]).toEqual([false, false])
})

test('a folder that began without a sample gets none', () => {
  startsUp()
  expect(sampleProgress(folder).isDue()).toBe(false)
})

import { expect, it } from 'vitest'
import { decideVersion } from '../../functions/prices/decide-version.ts'

const early = '2026-11-23T12:00:00.000Z'
const late = '2026-11-23T12:00:00.001Z'
const version = (effectiveFrom: string, createdAt: string) => ({ version: 1, effectiveFrom, createdAt })
const same = { inLane: () => true, saysTheSame: () => true }

it('takes a request for a repeat also when the clock that wrote the version is ahead of its own', () => {
  const written = version(late, late)
  expect(decideVersion([written], same, early)).toEqual({ kind: 'same', version: written })
})

it('takes a request without a beginning for a new version while the one that says the same has not begun', () => {
  const planned = version(late, early)
  expect(decideVersion([planned], same, early)).toEqual({ kind: 'new', version: 2, effectiveFrom: early })
})

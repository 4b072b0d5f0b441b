import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

type LockedPackage = {
  version?: string
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

const lockFile = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, LockedPackage>
}

/** The folders in which a package finds what it names, nearest first. */
function placesOf(location: string): string[] {
  const folders = location === '' ? [''] : [`${location}/`]
  for (let rest = location; rest !== ''; ) {
    rest = rest.slice(0, Math.max(0, rest.lastIndexOf('node_modules/'))).replace(/\/$/, '')
    folders.push(rest === '' ? '' : `${rest}/`)
  }
  return folders.map((folder) => `${folder}node_modules/`)
}

test('`npm ci` finds every package in the lock file, those of other platforms too', () => {
  const missing = Object.entries(lockFile.packages).flatMap(([location, locked]) =>
    Object.keys({ ...locked.dependencies, ...locked.optionalDependencies })
      .filter((name) => !placesOf(location).some((place) => lockFile.packages[place + name]?.version))
      .map((name) => `${location || 'the project'} names ${name}`),
  )

  expect(missing).toEqual([])
})

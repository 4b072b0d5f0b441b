import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { FolderInUseError, lockFolder } from '../../local/lock.ts'
import { hashOf } from '../../local/prepare.ts'
import { writeFileWhole } from '../../local/write-file-whole.ts'

const folders: string[] = []
const folder = () => {
  folders.push(mkdtempSync(join(tmpdir(), 'prepare-')))
  return folders.at(-1)!
}
afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true })
})

test('a changed, a new and a renamed file each change the hash of the inputs; nothing else does', () => {
  const inputs = folder()
  const hashes = [hashOf([inputs])]
  const expectChange = (change: () => void) => {
    change()
    hashes.push(hashOf([inputs]))
  }
  expectChange(() => writeFileSync(join(inputs, 'a.ts'), '1'))
  expectChange(() => writeFileSync(join(inputs, 'a.ts'), '2'))
  expectChange(() => writeFileSync(join(inputs, 'b.ts'), '2'))
  expectChange(() => rmSync(join(inputs, 'a.ts')))
  expect(new Set(hashes).size).toBe(hashes.length)
  expect(hashOf([inputs, join(inputs, 'missing')])).toBe(hashes.at(-1))
})

test('a folder has one stack at a time, and is free again after its end', () => {
  const data = folder()
  const first = lockFolder(data)
  first.announce('http://127.0.0.1:4000')
  expect(() => lockFolder(data)).toThrow(FolderInUseError)
  expect(() => lockFolder(data)).toThrow(`(process ${process.pid}, http://127.0.0.1:4000)`)
  first.release()
  lockFolder(data).release()
})

test('a file is replaced whole', () => {
  const file = join(folder(), 'state.json')
  writeFileWhole(file, 'first')
  writeFileWhole(file, 'second')
  expect(readdirSync(dirname(file)).map((name) => readFileSync(join(dirname(file), name), 'utf8'))).toEqual([
    'second',
  ])
})

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { BundleError, bundleFolder } from '../../lib/bundle-functions.ts'
import { prepareAssembly } from '../../local/prepare.ts'

// Made anew whenever the sources have changed since.
const folder = fileURLToPath(new URL('../../build/functions', import.meta.url))
beforeAll(() => prepareAssembly())

describe('bundles', () => {
  it('are made of every handler, each with a source map', () => {
    const handlers = globSync('functions/*/*.handler.ts').map((file) =>
      file.replace(/^functions\/|\.handler\.ts$/g, ''),
    )
    expect(globSync('*/*/index.mjs', { cwd: folder }).sort()).toEqual(
      handlers.map((handler) => `${handler}/index.mjs`).sort(),
    )
    for (const handler of handlers) {
      expect(readFileSync(join(folder, handler, 'index.mjs.map'), 'utf8')).toContain(`${handler}.handler.ts`)
    }
  })

  it('need nothing beside them but Node itself', async () => {
    const bundle = await import(pathToFileURL(join(folder, 'identity/add-claims/index.mjs')).href)
    expect(bundle.handler).toBeInstanceOf(Function)
    for (const file of globSync('*/*/index.mjs', { cwd: folder })) {
      const imported = [
        ...readFileSync(join(folder, file), 'utf8').matchAll(/\bimport\s?[^;()]*?from\s?["']([^"']+)["']/g),
      ]
      for (const [, name] of imported) expect(name, file).toMatch(/^(node:)?[a-z_/]+$/)
    }
  })

  it('are found by their handler, and missed by name', () => {
    expect(bundleFolder(folder, 'identity/add-claims')).toBe(join(folder, 'identity/add-claims'))
    expect(() => bundleFolder(folder, 'identity/forget-claims')).toThrow(BundleError)
    expect(() => bundleFolder(folder, 'identity/forget-claims')).toThrow(
      'functions/identity/forget-claims.handler.ts',
    )
  })
})

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

const PAGE_PART = /\/web\/.*(\.html|\.css|\.page\.js)$/
const TEXT = '\0text:'

export default defineConfig({
  plugins: [
    {
      // As the bundler takes what pages are put together from: as its text.
      name: 'page-parts-as-text',
      enforce: 'pre',
      resolveId(source, importer) {
        if (!PAGE_PART.test(source) || importer === undefined) return undefined
        // The ending keeps others from taking it for what it was.
        return `${TEXT}${resolve(importer, '..', source)}.text`
      },
      load(id) {
        if (!id.startsWith(TEXT)) return undefined
        return `export default ${JSON.stringify(readFileSync(id.slice(TEXT.length, -'.text'.length), 'utf8'))}`
      },
    },
    {
      // As the bundler takes fonts: as their bytes.
      name: 'fonts-as-bytes',
      enforce: 'pre',
      load(id) {
        if (!id.endsWith('.woff')) return undefined
        return `export default Buffer.from('${readFileSync(id).toString('base64')}', 'base64')`
      },
    },
  ],
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/property-seed.ts'],
    env: { POWERTOOLS_LOG_LEVEL: 'SILENT' },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})

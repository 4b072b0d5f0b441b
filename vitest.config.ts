import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [
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

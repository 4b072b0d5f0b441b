import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const PAGE_PART = /\/web\/.*(\.html|\.css|\.page\.js)$/
const TEXT = '\0text:'

// Of the processes that tests start too: what one has compiled, the next ones need not.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('build/compile-cache', import.meta.url))

/** These take longest, whatever their size says. */
const LONGEST = [/\/test\/(simulation\/simulation|scenarios\/month)\.test\.ts$/, /\/test\/scenarios\//]

/** Begins with what takes longest, so that no worker is alone with it in the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      LONGEST.findIndex((pattern) => pattern.test(moduleId)) + 1 || LONGEST.length + 1
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other))
  }
}

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
    sequence: { sequencer: LongestFirst },
  },
})

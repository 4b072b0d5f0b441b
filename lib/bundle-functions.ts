import { existsSync, globSync } from 'node:fs'
import { glob, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** A function of the stack that can't be bundled. */
export class BundleError extends Error {}

const projectFolder = fileURLToPath(new URL('..', import.meta.url))

// Bundles are ES modules, yet some packages in them still call `require` for Node's own modules.
const banner =
  "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);"

/**
 * Bundles every `functions/<capability>/<name>.handler.ts` with all it imports, the AWS SDK too, in one esbuild call.
 * Each becomes `<bundlesFolder>/<capability>/<name>/index.mjs`, next to its source map. The same sources give the same
 * bytes; a file is replaced at once and only where it differs, so that two builds at a time don't disturb each other.
 * Returns the folder of the bundles.
 */
export async function bundleFunctions(
  bundlesFolder = join(projectFolder, 'build/functions'),
): Promise<string> {
  const handlers = globSync('*/*.handler.ts', { cwd: join(projectFolder, 'functions') })
  const { outputFiles } = await build({
    absWorkingDir: projectFolder,
    entryPoints: handlers.sort().map((handler) => ({
      in: join('functions', handler),
      out: join(handler.replace(/\.handler\.ts$/, ''), 'index'),
    })),
    outdir: bundlesFolder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: banner },
    loader: {
      ...{ '.html': 'text', '.css': 'text', '.page.js': 'text', '.md': 'text' },
      '.woff': 'binary',
    },
    minify: true,
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'error',
  })
  await Promise.all(outputFiles.map((file) => writeIfDifferent(file.path, file.contents)))
  await removeAllBut(new Set(outputFiles.map((file) => file.path)), bundlesFolder)
  return bundlesFolder
}

/** The folder that holds the bundle of `functions/<handler>.handler.ts`; throws where there is none. */
export function bundleFolder(bundlesFolder: string, handler: string): string {
  const folder = join(bundlesFolder, handler)
  if (!existsSync(join(folder, 'index.mjs'))) {
    throw new BundleError(
      `functions/${handler}.handler.ts is part of the stack, but has no bundle: does the file exist?`,
    )
  }
  return folder
}

async function writeIfDifferent(path: string, contents: Uint8Array): Promise<void> {
  const present = await readFile(path).catch(() => undefined)
  if (present?.equals(contents)) return
  await mkdir(dirname(path), { recursive: true })
  const fresh = `${path}.${process.pid}`
  await writeFile(fresh, contents)
  await rename(fresh, path)
}

/** A handler that is gone must leave no bundle behind that would still deploy. */
async function removeAllBut(kept: ReadonlySet<string>, bundlesFolder: string): Promise<void> {
  for await (const file of glob('*/*/index.mjs{,.map}', { cwd: bundlesFolder })) {
    const path = join(bundlesFolder, file)
    if (!kept.has(path)) await rm(dirname(path), { recursive: true, force: true })
  }
}

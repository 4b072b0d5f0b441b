import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { writeFileWhole } from './write-file-whole.ts'

const projectFolder = fileURLToPath(new URL('..', import.meta.url))
const inputs = ['bin', 'lib', 'functions', 'web', 'cdk.json', 'package-lock.json']
// How long a second synthesis waits for the first.
const longestWaitMillis = 180_000

/**
 * Makes sure that `cdk.out` is the synthesis of what the project holds now, and returns its folder. Nothing runs when no input
 * changed since; of two callers at once the second waits and finds it done. Throws with what the synthesis said when it fails.
 */
export async function prepareAssembly(log: (line: string) => void = () => undefined): Promise<string> {
  const assembly = join(projectFolder, 'cdk.out')
  mkdirSync(join(projectFolder, 'build'), { recursive: true })
  const lock = new DatabaseSync(join(projectFolder, 'build', 'synthesis.lock.sqlite'))
  try {
    await takeLock(lock)
    const marker = join(projectFolder, 'build', 'synthesized-inputs')
    const hash = hashOf(inputs.map((input) => join(projectFolder, input)))
    // The assembly counts too: `cdk deploy` with other settings writes its own into the same folder.
    const isCurrent =
      existsSync(marker) && readFileSync(marker, 'utf8') === `${hash} ${hashOfAssembly(assembly)}`
    if (!isCurrent) {
      rmSync(marker, { force: true })
      log('Synthesizing the stacks and bundling the functions …')
      await synthesize(assembly)
      writeFileWhole(marker, `${hash} ${hashOfAssembly(assembly)}`)
    }
    return assembly
  } finally {
    lock.close()
  }
}

async function takeLock(lock: DatabaseSync): Promise<void> {
  const deadline = performance.now() + longestWaitMillis
  for (;;) {
    try {
      lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
      return
    } catch (error) {
      if (!/locked|busy/i.test(String(error)) || performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

function synthesize(assembly: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(projectFolder, 'bin/drawdown.ts')], {
      cwd: projectFolder,
      env: { ...process.env, CDK_OUTDIR: assembly, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    const listen = (text: string) => {
      said = (said + text).slice(-20_000)
    }
    child.stdout.setEncoding('utf8').on('data', listen)
    child.stderr.setEncoding('utf8').on('data', listen)
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`The synthesis failed:\n${said.trim()}`))
    })
  })
}

function hashOfAssembly(assembly: string): string {
  if (!existsSync(join(assembly, 'manifest.json'))) return ''
  const files = readdirSync(assembly).filter(
    (name) => name === 'manifest.json' || name.endsWith('.template.json'),
  )
  return hashOf(files.sort().map((name) => join(assembly, name)))
}

/** A hash over the names and contents of files and folders. */
export function hashOf(paths: readonly string[]): string {
  const hash = createHash('sha256').update(process.version)
  for (const path of paths) {
    if (!existsSync(path)) continue
    for (const file of filesUnder(path)) {
      const content = readFileSync(file)
      hash.update(`${file.slice(projectFolder.length)}\0${content.length}\0`).update(content)
    }
  }
  return hash.digest('hex')
}

function filesUnder(path: string): string[] {
  try {
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
  } catch {
    return [path]
  }
}

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { writeFileWhole } from '../../local/write-file-whole.ts'
import type { Arguments } from './arguments.ts'
import type { SimulationReport } from './report.ts'

/** How far each process of a simulation has come. */
export type KeptFigures = { seconds: number; reports: SimulationReport[] }
type Kept = KeptFigures & { of: string }

const ROOT = new URL('../../', import.meta.url)

/**
 * What a long run has come to is kept in a file, so that one that was cut off goes on behind its last whole episode. Figures
 * are of one seed, choice of faults, number of processes and state of the code: a file of others is refused, since their sum
 * would say nothing.
 */
export function keepFigures(file: string, wanted: Pick<Arguments, 'seed' | 'faultKinds' | 'jobs'>) {
  const { seed, faultKinds, jobs } = wanted
  const of = createHash('sha256')
    .update(JSON.stringify([seed, faultKinds, jobs, hashOfCode()]))
    .digest('hex')

  /** Undefined where nothing was kept yet. Throws on a file of another run. */
  function read(): KeptFigures | undefined {
    if (!existsSync(file)) return undefined
    const kept = parse(readFileSync(file, 'utf8'))
    if (kept?.of === of) return kept
    const why = kept ? 'is of another seed, other faults, jobs or code' : 'holds no figures of a simulation'
    throw new Error(`${file} ${why}: name another file, or remove it`)
  }

  function write(figures: KeptFigures): void {
    writeFileWhole(file, JSON.stringify({ of, ...figures }))
  }

  return { read, write }
}

function parse(text: string): Kept | undefined {
  try {
    const kept = JSON.parse(text) as Partial<Kept> | null
    return kept && typeof kept.of === 'string' && Array.isArray(kept.reports) ? (kept as Kept) : undefined
  } catch {
    return undefined
  }
}

/** Of all that decides what happens in an episode. */
function hashOfCode(): string {
  const hash = createHash('sha256').update(readFileSync(new URL('package-lock.json', ROOT)))
  for (const folder of ['functions/', 'test/simulation/']) {
    const files = readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' })
    for (const file of files.filter((name) => name.endsWith('.ts')).sort())
      hash.update(`${folder}${file}\n`).update(readFileSync(new URL(`${folder}${file}`, ROOT)))
  }
  return hash.digest('hex')
}

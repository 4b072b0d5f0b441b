import { registerHooks } from 'node:module'
import { breakFrom, breakSource } from './break-source.ts'
import { BREAKAGES } from './breakages.ts'

// Simulates with one of the breakages in the code: `node run-broken.ts <name> <operations>` prints what it found as JSON, and with
// `shown` behind it the smallest history that shows it.
const [name, operations, shown] = process.argv.slice(2)
const breakage = BREAKAGES.find((each) => each.name === name)
if (!breakage) throw new Error(`there is no breakage ${name}`)
breakFrom(breakage)
registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (!url.includes('/functions/') || !loaded.source) return loaded
    return { ...loaded, source: breakSource(url, loaded.source.toString()) }
  },
})

const { simulate } = await import('./simulation.ts')
const { FAULT_KINDS } = await import('./faults.ts')
const { describeReport } = await import('./report.ts')
const report = await simulate({
  seed: 1,
  operations: Number(operations),
  faultKinds: FAULT_KINDS,
  shrinkMilliseconds: shown ? 60_000 : 0,
})
const messages = report.violations.map(({ message }) => message)
process.stdout.write(
  shown
    ? describeReport(report, 1, FAULT_KINDS)
    : JSON.stringify({ operations: report.operations, messages }),
)

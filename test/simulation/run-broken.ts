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
const messages: string[] = []
let played = 0
// Another guard may find the mistake first: then it is looked for from the next seed.
for (let seed = breakage.seed ?? 1; played < Number(operations); seed++) {
  const report = await simulate({
    seed,
    operations: Number(operations) - played,
    faultKinds: FAULT_KINDS,
    shrinkMilliseconds: shown ? 60_000 : 0,
  })
  played += report.operations
  messages.push(...report.violations.map(({ message }) => message))
  if (shown) process.stdout.write(describeReport(report, 1, FAULT_KINDS))
  const isShown = messages.some((message) => breakage.shows.some((text) => message.includes(text)))
  if (isShown || report.violations.length === 0) break
}
if (!shown) process.stdout.write(JSON.stringify({ operations: played, messages }))

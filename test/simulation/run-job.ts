import type { SimulationReport } from './report.ts'
import { type SimulationOptions, simulate } from './simulation.ts'

// One process of a simulation: tells how far it is after each episode, and all of it in the end. A signal ends it after the episode
// that it plays, and the end of whoever has started it ends it at once.
const options = JSON.parse(process.argv[2]!) as SimulationOptions
let isCalledOff = false
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    isCalledOff = true
  })
process.on('disconnect', () => process.exit())
// Each report tells of all episodes so far: with their digests, a long run would tell ever more.
const tell = (report: SimulationReport) =>
  new Promise<void>((told) => process.send!({ ...report, digests: [] }, () => told()))
await tell(
  await simulate({
    ...options,
    isCalledOff: () => isCalledOff,
    onProgress: (report) => void tell(report),
  }),
)
process.disconnect()

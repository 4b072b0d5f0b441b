import { FAULT_KINDS } from './faults.ts'
import { simulate } from './simulation.ts'

// Plays one episode and prints the hash of everything that happened in it: `node run-digest.ts <seed>`.
const report = await simulate({
  seed: Number(process.argv[2]),
  operations: 1,
  faultKinds: FAULT_KINDS,
  shrinkMilliseconds: 0,
})
process.stdout.write(report.digests.join())

import { type SimulationOptions, simulate } from './simulation.ts'

// One process of a simulation: tells how far it is after each episode, and all of it in the end.
const options = JSON.parse(process.argv[2]!) as SimulationOptions
const tell = (message: object) => new Promise<void>((told) => process.send!(message, () => told()))
await tell(await simulate({ ...options, onProgress: (report) => void process.send!(report) }))
process.disconnect()

import { startLocalStack } from '../../local/stack.ts'

// A stack in a process of its own, for tests that kill it: `node run-stack.ts <folder> [<what time it is in a new folder>]` prints
// its addresses when it is up.
// Whoever started it may end before it is up: then it ends as well.
process.stdin.resume().once('close', () => process.exit(1))
const [folder, startAt] = process.argv.slice(2)
const stack = await startLocalStack({ folder: folder!, startAt, port: 0, quiet: true })
const [staffToken, usageToken] = await Promise.all([stack.staffToken(), stack.usageToken()])
console.log(JSON.stringify({ apiUrl: stack.apiUrl, staffToken, usageToken }))

import { startLocalStack } from '../../local/stack.ts'

// A stack in a process of its own, for tests that kill it: `node run-stack.ts <folder>` prints its addresses when it is up.
const stack = await startLocalStack({ folder: process.argv[2]!, port: 0, quiet: true })
const [staffToken, usageToken] = await Promise.all([stack.staffToken(), stack.usageToken()])
console.log(JSON.stringify({ apiUrl: stack.apiUrl, staffToken, usageToken }))

#!/usr/bin/env node
// Starts cli/drawdown.ts under the Node that the project brings: one that is older than it cannot read TypeScript.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const own = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url))
const command = fileURLToPath(new URL('drawdown.ts', import.meta.url))
if (existsSync(own) || process.features.typescript) {
  const { status, signal } = spawnSync(
    existsSync(own) ? own : process.execPath,
    [command, ...process.argv.slice(2)],
    {
      stdio: 'inherit',
    },
  )
  process.exitCode = signal ? 1 : status
} else {
  console.error('Run "npm ci" in the checkout first: it brings the Node that drawdown runs under.')
  process.exitCode = 2
}

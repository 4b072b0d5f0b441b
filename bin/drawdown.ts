import { BundleError } from '../lib/bundle-functions.ts'
import { ConfigurationError } from '../lib/deploy-configuration.ts'
import { drawdownApp } from '../lib/drawdown-app.ts'

try {
  const app = await drawdownApp()
  app.synth()
} catch (error) {
  if (!(error instanceof ConfigurationError || error instanceof BundleError)) throw error
  console.error(error.message)
  process.exitCode = 1
}

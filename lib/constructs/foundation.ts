import type { DeployConfiguration } from '../deploy-configuration.ts'
import type { Alarms } from './alarms.ts'

/** What every function and queue needs to be built. */
export interface Foundation {
  readonly configuration: DeployConfiguration
  readonly bundlesFolder: string
  readonly alarms: Alarms
}

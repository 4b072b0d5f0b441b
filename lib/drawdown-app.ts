import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { App, type Environment, Tags, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { bundleFunctions } from './bundle-functions.ts'
import { DataStack } from './data-stack.ts'
import { type Context, type DeployConfiguration, readDeployConfiguration } from './deploy-configuration.ts'
import { DrawdownStack } from './drawdown-stack.ts'
import { PaymentsStack } from './payments-stack.ts'
import { PlansStack } from './plans-stack.ts'
import { RelationsStack } from './relations-stack.ts'

export interface AppOptions {
  /** A folder of bundles made before; unset, the functions are bundled now. */
  readonly bundlesFolder?: string
  /** Where the templates go; unset, where the CDK CLI says, or `cdk.out`. */
  readonly outputFolder?: string
  /** Context on top of that of cdk.json and the command line. */
  readonly context?: Context
}

/**
 * The whole app, ready to `synth()`: its stacks and the security checks of cdk-nag's AwsSolutions pack.
 *
 * The CDK CLI hands over the context of cdk.json and of its `-c` options; without it (`node bin/drawdown.ts`, tests, the
 * local stack) cdk.json is read here, so that every way of synthesizing gives the same templates.
 * Throws `ConfigurationError` where the deploy configuration is not as it should be.
 */
export async function drawdownApp(options: AppOptions = {}): Promise<App> {
  const app = new App({
    outdir:
      options.outputFolder ?? process.env.CDK_OUTDIR ?? fileURLToPath(new URL('../cdk.out', import.meta.url)),
    autoSynth: false,
    analyticsReporting: false,
    context: {
      ...(process.env.CDK_CONTEXT_JSON === undefined ? contextOfCdkJson() : {}),
      'aws:cdk:enable-path-metadata': true,
      'aws:cdk:enable-asset-metadata': true,
    },
    postCliContext: options.context,
  })
  const configuration = readDeployConfiguration(app.node.getAllContext())
  const bundlesFolder = options.bundlesFolder ?? (await bundleFunctions())
  const place = { env: environmentOf(configuration) }
  const data = new DataStack(app, 'DrawdownData', {
    ...place,
    stackName: stackName('DrawdownData', configuration),
    description: 'Drawdown: what must survive (tables, files, identities)',
    configuration,
    bundlesFolder,
  })
  const { house, notices } = new DrawdownStack(app, 'Drawdown', {
    ...place,
    stackName: stackName('Drawdown', configuration),
    description: 'Drawdown: prepaid billing, its API and functions',
    configuration,
    bundlesFolder,
    data,
  })
  new PlansStack(app, 'DrawdownPlans', {
    ...place,
    stackName: stackName('DrawdownPlans', configuration),
    description: 'Drawdown: monthly fees, and all that goes by the calendar',
    house,
  })
  new PaymentsStack(app, 'DrawdownPayments', {
    ...place,
    stackName: stackName('DrawdownPayments', configuration),
    description: 'Drawdown: payments, from the card to the credit and back',
    house,
  })
  new RelationsStack(app, 'DrawdownRelations', {
    ...place,
    stackName: stackName('DrawdownRelations', configuration),
    description: 'Drawdown: what clients are told and asked beside their money',
    house,
    notices,
  })
  Tags.of(app).add('application', 'drawdown')
  Tags.of(app).add('stage', configuration.stage)
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  return app
}

function contextOfCdkJson(): Context {
  const file = new URL('../cdk.json', import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')).context as Context
}

/** Unset fields leave the stacks free of an account and region: they deploy to whatever the credentials are for. */
function environmentOf({ account, region }: DeployConfiguration): Environment {
  return { ...(account && { account }), ...(region && { region }) }
}

/** Another stage than production shows in the name of its stacks, so that two may share one AWS account. */
function stackName(name: string, { stage }: DeployConfiguration): string {
  return stage === 'production' ? name : `${name}-${stage}`
}

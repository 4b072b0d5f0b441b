import { Validations } from 'aws-cdk-lib'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import type { Construct } from 'constructs'
import { removalPolicy } from './durable.ts'
import type { Foundation } from './foundation.ts'
import type { HouseFunction } from './house-function.ts'

/** The key that signs the links by which people withdraw their consent: made here, at random, and seen by nobody. */
export class WithdrawalKey extends Secret {
  constructor(scope: Construct, id: string, { configuration }: Foundation) {
    super(scope, id, {
      description: 'Signs the links by which people withdraw their consent to e-mails',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: removalPolicy(configuration),
    })
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'Links in e-mails that were sent have to work for years: another key would end them.',
    })
  }

  /** Injects WITHDRAWAL_KEY_SECRET and lets the function read it. */
  letUse(user: HouseFunction): void {
    user.inject('WITHDRAWAL_KEY_SECRET', this.secretArn)
    user.allow(['secretsmanager:GetSecretValue'], [this.secretArn])
  }
}

import { Construct } from 'constructs'
import { proofRoutes } from '../../functions/proof/proof.routes.ts'
import type { House } from './house.ts'
import { HouseFunction } from './house-function.ts'
import { HouseQueue } from './house-queue.ts'
import { HouseSchedule } from './house-schedule.ts'

/**
 * The books are checked: each night every account that changed is proven, and one that does not agree is parked. Clients
 * read what proves their statement, staff the trial balance.
 */
export class Proof extends Construct {
  constructor(scope: Construct, id: string, house: House) {
    super(scope, id)
    const queue = this.addProveAccount(house)

    const findChanged = new HouseFunction(this, 'FindChanged', {
      foundation: house,
      handler: 'proof/find-changed',
      // It looks at every account there is.
      timeoutSeconds: 900,
    })
    // Holds whose timer failed are ended here.
    house.ledger.letPost(findChanged)
    house.documents.letWrite(findChanged)
    queue.letSend(findChanged, 'PROOF_QUEUE_URL')
    new HouseSchedule(this, 'EveryNight', {
      foundation: house,
      description: 'Finds accounts to prove: those that changed, and each once a month',
      expression: 'cron(30 2 * * ? *)',
      target: findChanged,
    })

    const proveNow = new HouseFunction(this, 'ProveNow', {
      foundation: house,
      handler: 'proof/prove-now',
      timeoutSeconds: 29,
      memoryMegabytes: 1024,
    })
    this.letProve(proveNow, house)
    house.api.route(proofRoutes.proveAccount, proveNow)

    const readProof = new HouseFunction(this, 'ReadProof', {
      foundation: house,
      handler: 'proof/read-proof',
      timeoutSeconds: 29,
      memoryMegabytes: 1024,
    })
    house.ledger.letRead(readProof)
    house.documents.letRead(readProof)
    house.api.route(proofRoutes.readStatementProof, readProof)
    house.api.route(proofRoutes.readTrialBalance, readProof)
  }

  private addProveAccount(house: House): HouseQueue {
    const proveAccount = new HouseFunction(this, 'ProveAccount', {
      foundation: house,
      handler: 'proof/prove-account',
      timeoutSeconds: 300,
      memoryMegabytes: 1024,
      // A long history goes on in a further message, and that in one more.
      sendsToItself: true,
    })
    this.letProve(proveAccount, house)
    const queue = new HouseQueue(this, 'ProofQueue', {
      foundation: house,
      carries: 'accounts to prove',
      consumer: proveAccount,
      batchSize: 1,
    })
    queue.letSend(proveAccount, 'PROOF_QUEUE_URL')
    return queue
  }

  /** Lets the function read all that an account has, keep how far it is proven, and park it, which rings. */
  private letProve(prover: HouseFunction, house: House): void {
    house.ledger.letPark(prover)
    house.waiting.letRead(prover)
    house.documents.letWrite(prover)
    prover.ringWhenLogged(house, 'AccountParked', {
      message: 'account does not prove',
      meaning: 'an account does not agree with its history and was parked: see docs/operations.md',
    })
  }
}

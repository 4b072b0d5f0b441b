import type { ApiClient } from '../api-client.ts'
import { type Command, EXIT, readOptions, refuseWords, UsageProblem } from './command.ts'
import { CONNECTION_HELP, CONNECTION_OPTIONS, connect } from './connect.ts'

const HELP = `Proves an account now, as it is done each night: its lines against its balance, its chain and its lots of credit.
An account that does not agree is parked: nothing leaves it until staff have looked at it. For staff.

  drawdown prove --account acc_…
  drawdown prove --account acc_… --whole

  --account ID   which account
  --whole        from its first line on, instead of from where the last proof came to
${CONNECTION_HELP}
  --help         this text

Ends with 0 if the account proves, 1 if it does not.
`

type Proof = {
  result: 'proven' | 'mismatch' | 'incomplete'
  sequence: number
  headSequence: number
  faults: string[]
}

/** A long history is proven in parts, each by a request of its own. */
const MOST_REQUESTS = 10_000

/** Asks for a proof until it has come to the account's newest line. */
export const prove: Command = {
  summary: 'prove an account now, as it is done each night',
  help: HELP,
  async run(args) {
    const { values, positionals } = readOptions(args, {
      ...CONNECTION_OPTIONS,
      ...{ account: { type: 'string' }, whole: { type: 'boolean', default: false } },
    })
    refuseWords(positionals, 'name the account with --account')
    if (!values.account) throw new UsageProblem('Name the account with --account')
    const proof = await proveInParts(connect(values), values.account, values.whole)
    if (proof.result === 'proven') {
      console.log(`${values.account} proves: ${proof.sequence} lines, balance, chain and lots agree`)
      return EXIT.done
    }
    if (proof.result === 'incomplete') {
      console.log(
        `${values.account} is proven up to entry ${proof.sequence} of ${proof.headSequence}; ask again to go on`,
      )
    } else {
      console.log(
        [`${values.account} DOES NOT PROVE`, ...proof.faults.map((fault) => `  ${fault}`)].join('\n'),
      )
    }
    return EXIT.wrong
  },
}

async function proveInParts(api: ApiClient, accountId: string, whole: boolean): Promise<Proof> {
  for (let request = 1; ; request += 1) {
    const path = `/v1/accounts/${encodeURIComponent(accountId)}/proofs`
    const proof = await api.send<Proof>('POST', path, { body: { whole } })
    if (proof.result !== 'incomplete' || request === MOST_REQUESTS) return proof
    console.error(`· proven up to entry ${proof.sequence} of ${proof.headSequence}`)
  }
}

import { localDateTime } from '../accounts/billing-period.ts'
import type { PdfContent } from '../edge/pdf-content.ts'
import { type Evidence, HOW_TO_CHECK } from './present-evidence.ts'

const DECISIONS = { accepted: 'Accepted', declined: 'Declined', acknowledged: 'Acknowledged' } as const

/** The evidence of an account's answers as a document for people: instants in UTC, and in the account's time zone where it helps. */
export function layOutEvidence({ account, preparedAt, answers, waiting }: Evidence): PdfContent {
  const local = (instant: string) =>
    `${instant} (${localDateTime(instant, account.timeZone)} in ${account.timeZone})`
  return {
    title: 'Answers to terms and statements',
    introduction: [
      `Account ${account.accountId}, “${account.name}”. Prepared on ${local(preparedAt)}. ${countOf(answers.length)}`,
      `Each answer was recorded when it was given, by the clock of the server, and is never changed. ${HOW_TO_CHECK}`,
      'What these letters cannot show stands as its code point, such as [U+4E2D]; the same evidence as JSON has every text as it was sent.',
    ],
    sections: [
      ...answers.map((answer, index) => ({
        heading: `${index + 1}. ${DECISIONS[answer.decision]}: ${answer.document}, version ${answer.version}`,
        lines: linesOf(answer, local),
      })),
      ...(waiting.length === 0
        ? []
        : [
            {
              heading: 'Not answered yet',
              lines: waiting.map(({ document, version, title, requiredAt }): [string, string] => [
                `${document}, ${version}`,
                `“${title}”, to be answered before ${local(requiredAt)}`,
              ]),
            },
          ]),
    ],
    footer: `${account.accountId} · ${preparedAt}`,
    createdAt: new Date(preparedAt),
  }
}

const countOf = (answers: number) =>
  answers === 1 ? 'There is 1 answer.' : `There are ${answers === 0 ? 'no' : answers} answers.`

function linesOf(
  answer: Evidence['answers'][number],
  local: (instant: string) => string,
): [string, string][] {
  const { person, signIn } = answer
  return [
    ['Document', `“${answer.title}” (${answer.document}, ${answer.kind.replace('_', ' ')})`],
    ['Version', `${answer.version}, ${answer.class}, published ${answer.publishedAt}`],
    ['In effect from', local(answer.effectiveAt)],
    ['Language shown', answer.language],
    ['SHA-256 of the text', answer.textSha256],
    ['Text', `${answer.textUrl} (${answer.textBytes} bytes)`],
    ['Decision', answer.decision],
    ['Pressed', `“${answer.pressed}”`],
    ['At', local(answer.at)],
    ['Person', `${person.email}, ${person.role} (${person.subject})`],
    ['From address', answer.sourceIp],
    ['With', answer.userAgent],
    [
      'Signed in',
      signIn
        ? `${signIn.at ? local(signIn.at) : 'at a time that the sign-in did not tell'}, at ${signIn.issuer}, through ${signIn.clientId}`
        : 'not known',
    ],
  ]
}

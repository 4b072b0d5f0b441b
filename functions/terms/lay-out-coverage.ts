import type { PdfContent } from '../edge/pdf-content.ts'
import type { CoverageState } from './decide-coverage.ts'
import type { Coverage } from './present-evidence.ts'

/** Who has yet to answer comes first. */
const SECTIONS: [heading: string, states: CoverageState[]][] = [
  ['Not answered yet', ['unanswered']],
  ['Declined, and not accepted since', ['declined']],
  ['Accepted or acknowledged', ['accepted', 'acknowledged']],
  ['A later version was accepted or acknowledged', ['accepted_later']],
  ['Nothing has to be answered', ['not_asked']],
]

type Line = Coverage['accounts'][number]

/** A page of a version's coverage as a document for people: who has answered it, who has not, and by when. Instants are in UTC. */
export function layOutCoverage(
  coverage: Coverage,
  { title, preparedAt }: { title: string; preparedAt: string },
): PdfContent {
  const { document, version, kind, accounts, effectiveAt, publishedAt } = coverage
  return {
    title: `Who has answered ${document}, version ${version}`,
    introduction: [
      `“${title}” (${kind.replace('_', ' ')}, ${coverage.class}), published ${publishedAt}, in effect from ${effectiveAt}. Prepared on ${preparedAt}; instants are in UTC.`,
      describeCounts(coverage),
      'What these letters cannot show stands as its code point, such as [U+4E2D]; the same as JSON has every text as it is.',
    ],
    sections: SECTIONS.flatMap(([heading, states]) => {
      const those = accounts.filter(({ state }) => states.includes(state))
      if (those.length === 0) return []
      return [{ heading: `${heading} (${those.length} in this part)`, lines: those.map(lineOf) }]
    }),
    footer: `${document} ${version} · ${preparedAt}`,
    createdAt: new Date(preparedAt),
  }
}

function describeCounts({ counts, nextCursor }: Coverage): string {
  const sums = [
    `${counts.answered} answered`,
    `${counts.declined} declined`,
    `${counts.unanswered} not answered`,
    `${counts.notAsked} with nothing to answer`,
  ].join(', ')
  const besides = `Of all of them ${counts.overdue} overdue, and ${counts.unreachable} that no e-mail reaches. Closed and left out: ${counts.leftOutAsClosed}.`
  const part =
    nextCursor === undefined
      ? 'This is the last part; the sums are of all parts.'
      : 'More parts follow; the sums are of this part and those before it.'
  return `Open accounts that it concerns: ${counts.accounts}, of which ${sums}. ${besides} ${part}`
}

function lineOf(line: Line): [string, string] {
  const { accountId, clientType, answerBy, isOverdue, answers, cannotBeReached } = line
  const said = [
    `${accountId} (${clientType.replace('_', ' ')})${answerBy ? `, by ${answerBy}` : ''}${isOverdue ? ', overdue' : ''}`,
    ...answers.map(
      ({ decision, at, person, language, textSha256 }) =>
        `${decision} on ${at} by ${person.email}, ${person.role}; text in ${language}, SHA-256 ${textSha256}`,
    ),
    ...cannotBeReached.map(({ email, emailStatus }) => `no e-mail reaches ${email} (${emailStatus.state})`),
  ]
  return [line.name, said.join('. ')]
}

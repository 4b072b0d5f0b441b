import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import {
  type ChainPoint,
  STATEMENT_PROOF_FORMAT,
  STATEMENT_PROOF_VERSION,
} from '../../functions/proof/statement-proof.ts'

/** A file that cannot be read as a statement proof, in words for whoever named it. */
export class FileProblem extends Error {
  constructor(file: string, detail: string) {
    super(`${file}: ${detail}`)
    this.name = 'FileProblem'
  }
}

/** A statement proof as a file has it: its entries are anything yet. */
export type ProofFile = {
  accountId: string
  currency: string
  genesisHash: string
  opening: ChainPoint
  entries: unknown[]
  tip: ChainPoint
  next?: string
}

/** DynamoDB keeps numbers of up to 38 digits, so no honest amount or count has more. */
export const WHOLE_NUMBER = /^-?(?:0|[1-9]\d{0,37})$/
const textSchema = z.string('is not a text')
const countSchema = textSchema.regex(/^(?:0|[1-9]\d{0,11})$/, 'is not a count in digits')
const microsSchema = textSchema.regex(WHOLE_NUMBER, 'is not a whole number in digits')
const pointSchema = z.strictObject({
  sequence: countSchema,
  hash: textSchema,
  availableMicros: microsSchema,
  heldMicros: microsSchema,
})
const proofSchema = z.strictObject({
  format: z.literal(STATEMENT_PROOF_FORMAT, `is not "${STATEMENT_PROOF_FORMAT}"`),
  version: z.literal(
    STATEMENT_PROOF_VERSION,
    `is not ${STATEMENT_PROOF_VERSION}, the one this command knows`,
  ),
  accountId: textSchema,
  currency: textSchema,
  genesisHash: textSchema,
  opening: pointSchema,
  entries: z.array(z.unknown(), 'is not a list'),
  tip: pointSchema,
  next: countSchema.optional(),
})

/** Reads a statement proof; throws `FileProblem` for a file that is none, whatever is in it. */
export async function readProofFile(file: string): Promise<ProofFile> {
  return parseProof(file, await readText(file))
}

async function readText(file: string): Promise<string> {
  try {
    const bytes = await readFile(file)
    // Read all the same, what is no character would become one, and a file that was changed there would agree.
    if (!isUtf8(bytes)) throw new FileProblem(file, 'is not UTF-8, as a statement is saved')
    return bytes.toString('utf8')
  } catch (error) {
    if (error instanceof FileProblem) throw error
    const { code } = error as { code?: string }
    if (code === 'ENOENT') throw new FileProblem(file, 'there is no such file')
    if (code === 'EISDIR') throw new FileProblem(file, 'is a folder, not a file')
    if (code === 'ERR_STRING_TOO_LONG' || code === 'ERR_FS_FILE_TOO_LARGE')
      throw new FileProblem(
        file,
        'is too large to be read whole; save the statement in parts with --after and --lines',
      )
    throw new FileProblem(file, `cannot be read (${code ?? (error as Error).message})`)
  }
}

/** As `readProofFile`, of a text. */
export function parseProof(file: string, text: string): ProofFile {
  const json = text.replace(/^\uFEFF/, '')
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw new FileProblem(file, 'is not JSON; a statement is saved with "drawdown statement"')
  }
  const repeated = findRepeatedMember(json)
  if (repeated !== undefined)
    throw new FileProblem(
      file,
      `is no statement proof: ${quote(repeated)} stands twice in one object, and each reader takes another of the two`,
    )
  return readProof(file, value)
}

/** The first name that two members of one object have, in a text that is known to be JSON. */
function findRepeatedMember(json: string): string | undefined {
  const open: Set<string>[] = []
  for (let place = 0; place < json.length; place += 1) {
    const character = json[place]
    if (character === '{') open.push(new Set())
    else if (character === '}') open.pop()
    else if (character === '"') {
      const end = endOfText(json, place)
      if (isName(json, end)) {
        const name = JSON.parse(json.slice(place, end)) as string
        const names = open.at(-1)!
        if (names.has(name)) return name
        names.add(name)
      }
      place = end - 1
    }
  }
  return undefined
}

/** The place behind the closing quote of the text that begins here. */
function endOfText(json: string, begin: number): number {
  let end = begin + 1
  while (json[end] !== '"') end += json[end] === '\\' ? 2 : 1
  return end + 1
}

/** True where a colon follows: of texts, members' names alone have one. */
function isName(json: string, end: number): boolean {
  let place = end
  while (/[ \t\r\n]/.test(json[place] ?? '')) place += 1
  return json[place] === ':'
}

/** A statement proof from anything that was JSON; throws `FileProblem`, which names where it is from, for what is none. */
export function readProof(file: string, value: unknown): ProofFile {
  const result = proofSchema.safeParse(value)
  if (result.success) return result.data
  const { path, message, ...issue } = result.error.issues[0]!
  const where = path.map(String).join('.')
  const refuse = (detail: string) => new FileProblem(file, `is no statement proof: ${detail}`)
  if (issue.code === 'unrecognized_keys') {
    const names = (issue as { keys: string[] }).keys.slice(0, 3).map(quote).join(', ')
    throw refuse(`${where || 'it'} has members that no statement has: ${names}`)
  }
  throw refuse(where ? `${where} ${wordsOf(value, path, message)}` : 'it is not an object')
}

function wordsOf(value: unknown, path: PropertyKey[], message: string): string {
  let found = value
  for (const name of path) found = (found as Record<PropertyKey, unknown> | undefined)?.[name]
  return found === undefined ? 'is missing' : /^is /.test(message) ? message : 'is not as it should be'
}

/** A text from a file for a terminal: one line, no control characters, not too long. */
export function quote(text: string): string {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return JSON.stringify(shown).replace(/[^\x20-\x7e…]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

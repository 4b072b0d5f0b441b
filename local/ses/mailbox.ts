import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { MailboxMessage } from './mailbox.types.ts'

export type Mailbox = ReturnType<typeof openMailbox>

/**
 * The mailbox folder: `<time>-<id>.eml` with the raw message, `<time>-<id>.json` with its envelope. The .json is written last and
 * moved into place whole; a message counts once it is there, so a crash leaves no half message in the list.
 */
export function openMailbox(folder: string) {
  mkdirSync(folder, { recursive: true })
  const messages = readIndex(folder)

  const writeWhole = (name: string, content: string | Buffer) => {
    const unfinished = join(folder, `.${name}.unfinished`)
    writeFileSync(unfinished, content)
    renameSync(unfinished, join(folder, name))
  }

  return {
    save: (message: Omit<MailboxMessage, 'fileName'>, raw: Buffer): void => {
      const stem = `${message.at.replaceAll(/[:.]/g, '-')}-${message.id}`
      const saved = { ...message, fileName: `${stem}.eml` }
      writeWhole(saved.fileName, raw)
      writeWhole(`${stem}.json`, `${JSON.stringify(saved, undefined, 2)}\n`)
      messages.set(saved.id, saved)
    },
    /** Newest first. */
    list: (): MailboxMessage[] => [...messages.values()].reverse(),
    find: (id: string): { message: MailboxMessage; raw: Buffer } | undefined => {
      const message = messages.get(id)
      return message && { message, raw: readFileSync(join(folder, message.fileName)) }
    },
  }
}

function readIndex(folder: string): Map<string, MailboxMessage> {
  const messages = readdirSync(folder)
    .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
    .map((name): MailboxMessage => {
      const message = JSON.parse(readFileSync(join(folder, name), 'utf8')) as MailboxMessage
      return { ...message, fileName: `${basename(name, '.json')}.eml` }
    })
    // Ids begin with the time and rise, so that they tell the order within one millisecond too.
    .sort((one, other) => (one.id < other.id ? -1 : 1))
  return new Map(messages.map((message) => [message.id, message]))
}

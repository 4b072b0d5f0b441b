/** What is known of a message beside its raw text. */
export type MailboxMessage = {
  id: string
  /** ISO instant of the clock when the message was taken. */
  at: string
  from: string
  to: string[]
  cc: string[]
  bcc: string[]
  subject: string
  tags: Record<string, string>
  configurationSetName?: string
  /** Name of the .eml file in the mailbox folder. */
  fileName: string
}

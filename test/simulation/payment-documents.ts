import { readAttributes } from './database.ts'
import type { Change } from './outbox.ts'
import { Violation } from './require.ts'

type Item = Record<string, unknown>
type Write = { TableName: string; Item?: Item }
export type PaymentDocument = Record<string, unknown> & { pk: string; sk: string; status?: string }

const keyOf = (item: Item) => `${(item.pk as { S: string }).S} ${(item.sk as { S: string }).S}`

/** The table of payments as it is: it is written whole documents alone, so that what was written says all. */
export class PaymentDocuments {
  private readonly items = new Map<string, Item>()
  private readonly documents = new Map<string, PaymentDocument>()

  /** What a write that was carried out has changed in this table. */
  note(tableName: string, operation: string, body: string): Change[] {
    return writesOf(operation, body)
      .filter(({ TableName }) => TableName === tableName)
      .flatMap(({ Item }) => (Item ? this.put(Item) : []))
  }

  private put(after: Item): Change[] {
    const key = keyOf(after)
    const before = this.items.get(key)
    if (before && JSON.stringify(before) === JSON.stringify(after)) return []
    this.items.set(key, after)
    this.documents.set(key, readAttributes(after) as PaymentDocument)
    return [{ before, after }]
  }

  /** One document of an account, by its sort key. */
  read(accountId: string, sk: string): PaymentDocument | undefined {
    return this.documents.get(`ACCOUNT#${accountId} ${sk}`)
  }

  /** All of an account whose sort key begins like this. */
  list(accountId: string, prefix: string): PaymentDocument[] {
    const beginning = `ACCOUNT#${accountId} ${prefix}`
    return [...this.documents].filter(([key]) => key.startsWith(beginning)).map(([, document]) => document)
  }
}

function writesOf(operation: string, body: string): Write[] {
  if (operation === 'PutItem') return [JSON.parse(body) as Write]
  if (operation === 'UpdateItem') return [asPut(JSON.parse(body) as Write)]
  if (operation !== 'TransactWriteItems') return []
  const { TransactItems } = JSON.parse(body) as { TransactItems: { Put?: Write; Update?: Write }[] }
  return TransactItems.flatMap(({ Put, Update }) => Put ?? (Update ? asPut(Update) : []))
}

/** Updates in part are not followed. */
function asPut({ TableName }: Write): Write {
  if (TableName.startsWith('Payments')) throw new Violation('a document of payments is written in part')
  return { TableName }
}

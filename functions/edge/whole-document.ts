/**
 * The condition on which a put replaces a document whole: it is as it was read, by its revision or what else counts its
 * changes; without one, there is still none.
 */
export function asRead(count: bigint | undefined, countedBy = 'revision') {
  if (count === undefined) return { ConditionExpression: 'attribute_not_exists(pk)' }
  return {
    ConditionExpression: '#count = :read',
    ExpressionAttributeNames: { '#count': countedBy },
    ExpressionAttributeValues: { ':read': count },
  }
}

/** A document without the keys by which its table and the indexes know its item. */
export function withoutKeys({
  pk,
  sk,
  index1pk,
  index1sk,
  index2pk,
  index2sk,
  ...document
}: Record<string, unknown>): Record<string, unknown> {
  return document
}

/** Where a document stands on a list by age. */
export function placeOf(createdAt: string, id: string): string {
  return `${createdAt}#${id}`
}

/** The keys by which a document stands on a list by age. */
export function listKeys(list: string, createdAt: string, id: string) {
  return { index1pk: list, index1sk: placeOf(createdAt, id) }
}

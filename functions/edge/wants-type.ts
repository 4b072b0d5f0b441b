/** Whether a request's `Accept` names a content type that a route has beside JSON. */
export function wantsType({ accept = '' }: Record<string, string | undefined>, type: string): boolean {
  return accept
    .toLowerCase()
    .split(',')
    .some((part) => part.split(';')[0]!.trim() === type)
}

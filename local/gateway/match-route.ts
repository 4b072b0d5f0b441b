import type { LocalRoute } from '../template.ts'

export type MatchedRoute = { route: LocalRoute; pathParameters: Record<string, string> }

/** Finds the route of a request by the order of an HTTP API; undefined when there is none. */
export type MatchRoute = (method: string, path: string) => MatchedRoute | undefined

type Candidate = { route: LocalRoute; method: string; segments: string[]; rank: string }

/**
 * Prepares the routes. As on an HTTP API: a full match comes before a greedy one (`{proxy+}`), that before `$default`; among full
 * matches a literal segment comes before a variable, and among equal paths the method before `ANY`. `path` is the decoded path:
 * API Gateway decodes before it matches, so that an encoded slash separates segments.
 */
export function prepareRoutes(routes: readonly LocalRoute[]): MatchRoute {
  const fallback = routes.find((route) => route.routeKey === '$default')
  const candidates = routes
    .filter((route) => route !== fallback)
    .map(candidateOf)
    .sort((one, other) => (one.rank < other.rank ? -1 : 1))
  return (method, path) => {
    const segments = path.split('/').slice(1)
    for (const candidate of candidates) {
      if (candidate.method !== method && candidate.method !== 'ANY') continue
      const pathParameters = matchSegments(candidate.segments, segments)
      if (pathParameters !== undefined) return { route: candidate.route, pathParameters }
    }
    return fallback === undefined ? undefined : { route: fallback, pathParameters: {} }
  }
}

function candidateOf(route: LocalRoute): Candidate {
  const [method = '', path = ''] = route.routeKey.split(' ')
  const segments = path.split('/').slice(1)
  const ranks = segments.map((segment) => (isGreedy(segment) ? 'c' : isVariable(segment) ? 'b' : 'a'))
  const kind = ranks.includes('c') ? '2' : '1'
  // Longer prefixes come first among greedy routes.
  const length = String(999 - segments.length).padStart(3, '0')
  return { route, method, segments, rank: `${kind}${length}${ranks.join('')}${method === 'ANY' ? '1' : '0'}` }
}

const isVariable = (segment: string) => segment.startsWith('{') && segment.endsWith('}')
const isGreedy = (segment: string) => segment.endsWith('+}')

function matchSegments(pattern: string[], segments: string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {}
  for (const [index, expected] of pattern.entries()) {
    const found = segments[index]
    if (isGreedy(expected)) {
      const rest = segments.slice(index).join('/')
      if (rest === '') return undefined
      parameters[expected.slice(1, -2)] = rest
      return parameters
    }
    if (found === undefined) return undefined
    if (isVariable(expected)) {
      if (found === '') return undefined
      parameters[expected.slice(1, -1)] = found
    } else if (found !== expected) return undefined
  }
  return segments.length === pattern.length ? parameters : undefined
}

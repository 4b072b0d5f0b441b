import type { ServerResponse } from 'node:http'

/**
 * Has a response's cookies end by how long they last and not by a date: the dates are those of the test clock, and a browser goes
 * by a clock of its own.
 */
export function endCookiesByLifetime(response: ServerResponse): void {
  const writeHead = response.writeHead.bind(response) as (...head: unknown[]) => ServerResponse
  response.writeHead = (...head: unknown[]) => {
    const cookies = response.getHeader('set-cookie')
    if (cookies !== undefined) response.setHeader('set-cookie', [cookies].flat().map(String).map(byLifetime))
    return writeHead(...head)
  }
}

function byLifetime(cookie: string): string {
  return cookie.replace(/; *expires=([^;]+)/i, (_, date: string) => {
    const seconds = Math.ceil((Date.parse(date) - Date.now()) / 1000)
    return `; max-age=${Math.max(0, seconds)}`
  })
}

/** The bundler takes pages, and what they are put together from, as their text. */
declare module '*.html' {
  const text: string
  export default text
}
declare module '*.css' {
  const text: string
  export default text
}
declare module '*.page.js' {
  const text: string
  export default text
}

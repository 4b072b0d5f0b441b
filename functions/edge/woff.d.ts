/** The bundler takes a font as its bytes. */
declare module '*.woff' {
  const bytes: Uint8Array
  export default bytes
}

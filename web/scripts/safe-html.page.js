/**
 * A document's HTML as elements of this page: the server has made text of whatever it does not know, and what is not on this
 * list is taken as text here too. Neither handlers nor styles are taken over.
 */
globalThis.safeHtml = (() => {
  const ELEMENTS = new Set(
    'P,DIV,SPAN,A,H1,H2,H3,H4,H5,H6,UL,OL,LI,DL,DT,DD,BLOCKQUOTE,PRE,CODE,EM,STRONG,S,HR,BR,TABLE,THEAD,TBODY,TR,TH,TD,INS,DEL'.split(
      ',',
    ),
  )
  const CLASSES = new Set(['change', 'added', 'removed', 'changed', 'unchanged'])
  /** So that no heading of a document is taken for a part of the page. */
  const OWN_IDS = 'text-'
  const LINKS = /^(https?:\/\/|mailto:)/i

  /** Headings of a document stand below those of the page. */
  function nameOf(tag, headingsBelow) {
    const level = /^H([1-6])$/.exec(tag)?.[1]
    return level === undefined ? tag : `H${Math.min(6, Number(level) + headingsBelow)}`
  }

  function copy(node, headingsBelow) {
    if (node.nodeType === Node.TEXT_NODE) return [document.createTextNode(node.data)]
    if (node.nodeType !== Node.ELEMENT_NODE) return []
    if (!ELEMENTS.has(node.tagName)) return [document.createTextNode(node.outerHTML)]
    const made = document.createElement(nameOf(node.tagName, headingsBelow))
    const classes = [...node.classList].filter((name) => CLASSES.has(name))
    if (classes.length > 0) made.className = classes.join(' ')
    if (node.id) made.id = `${OWN_IDS}${node.id}`
    if (node.tagName === 'OL' && node.hasAttribute('start')) made.start = node.start
    if (node.tagName === 'A') takeLink(made, node.getAttribute('href') ?? '')
    made.append(...copyAll(node.childNodes, headingsBelow))
    return [made]
  }

  function takeLink(made, href) {
    if (href.startsWith('#')) {
      made.href = `#${OWN_IDS}${href.slice(1)}`
      return
    }
    if (!LINKS.test(href)) return
    made.href = href
    made.rel = 'noopener noreferrer'
    made.target = '_blank'
  }

  const copyAll = (nodes, headingsBelow) => [...nodes].flatMap((node) => copy(node, headingsBelow))

  /** What a page of the API shows below its own title; its styles are left where they are. */
  function contentOf(text, { headingsBelow = 0 } = {}) {
    const [begin, end] = [text.indexOf('<main>'), text.lastIndexOf('</main>')]
    const main = new DOMParser().parseFromString(text.slice(begin, end), 'text/html').querySelector('main')
    const own = [...(main?.childNodes ?? [])].filter(
      (node) => node !== main.querySelector(':scope > h1') && !node.classList?.contains('facts'),
    )
    return copyAll(own, headingsBelow)
  }

  /** A fragment of HTML. */
  const fragment = (text, options = {}) => contentOf(`<main>${text}</main>`, options)

  return { contentOf, fragment }
})()

// Enhances the pages, which work without scripts too.

const live = document.querySelector('#live')

for (const message of document.querySelectorAll('.flash')) {
  announce(message.querySelector('p'))
  message.querySelector('form').addEventListener('submit', (event) => {
    event.preventDefault()
    message.remove()
    // The focused button is gone, so the focus moves to the main part of the page.
    document.querySelector('#main').focus()
  })
}

for (const form of document.querySelectorAll('form[data-begin]')) form.addEventListener('submit', addFirst)

if (live !== null) listenWhileVisible(live)

/**
 * Makes screen readers read a message. They read changes of a live region, and not its contents when the page opens.
 */
function announce(region) {
  const content = [...region.childNodes]
  region.style.minHeight = `${region.offsetHeight}px`
  region.replaceChildren()
  requestAnimationFrame(() => requestAnimationFrame(() => region.replaceChildren(...content)))
}

/**
 * Begins a cart before the first product is added. If two tabs add their first product at the same time, each request
 * would begin a cart, and the browser would keep only one of them. So the tabs take turns in beginning it, and only the
 * first finds no cart.
 */
async function addFirst(event) {
  if (navigator.locks === undefined) return
  event.preventDefault()
  const { currentTarget: form } = event
  try {
    await navigator.locks.request('cart', () => fetch(form.dataset.begin))
  } finally {
    form.submit()
  }
}

/**
 * Streams the stock while the page is visible. A browser has few connections to a host, and hidden tabs should not hold
 * one.
 */
function listenWhileVisible(status) {
  let source
  const update = () => {
    source?.close()
    source = document.hidden || status.dataset.over ? undefined : listen(status)
  }
  document.addEventListener('visibilitychange', update)
  addEventListener('pagehide', () => source?.close())
  addEventListener('pageshow', (event) => event.persisted && update())
  update()
}

/** Shows the stock, until the server says that the session has ended. */
function listen(status) {
  const source = new EventSource(status.dataset.source)
  source.addEventListener('message', ({ data }) => {
    for (const [id, left] of Object.entries(JSON.parse(data))) {
      document.querySelector(`[data-stock="${id}"]`).textContent = left
    }
    if (status.textContent !== status.dataset.live) status.textContent = status.dataset.live
  })
  source.addEventListener('end', () => end(status, source, status.dataset.ended))
  source.addEventListener('error', () => {
    // In any other state, the browser connects again by itself.
    if (source.readyState === EventSource.CLOSED) end(status, source, status.dataset.lost)
  })
  return source
}

function end(status, source, text) {
  source.close()
  status.dataset.over = 'true'
  status.textContent = text
}

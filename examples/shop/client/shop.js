// What the pages do better with scripts. Without them they work as well.

const live = document.querySelector('#live')

for (const message of document.querySelectorAll('.flash')) {
  announce(message.querySelector('p'))
  message.querySelector('form').addEventListener('submit', (event) => {
    event.preventDefault()
    message.remove()
    // Where the keyboard goes on, now that what had the focus is gone.
    document.querySelector('#main').focus()
  })
}

for (const form of document.querySelectorAll('form[data-begin]')) form.addEventListener('submit', addFirst)

if (live !== null) listenWhileVisible(live)

/** Screen readers read out what changes in a live region, not what it holds when the page opens. */
function announce(region) {
  const content = [...region.childNodes]
  region.style.minHeight = `${region.offsetHeight}px`
  region.replaceChildren()
  requestAnimationFrame(() => requestAnimationFrame(() => region.replaceChildren(...content)))
}

/**
 * Two tabs in which something is added first, at the same time, would begin a cart each, and the browser keep one of
 * them. So the tabs of this browser take turns in beginning it: only the first finds none.
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

/** A browser has few connections to a host, which hidden tabs should not hold. */
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

/** The stock, until the server says that the session has ended. */
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
    // Else the browser tries again by itself.
    if (source.readyState === EventSource.CLOSED) end(status, source, status.dataset.lost)
  })
  return source
}

function end(status, source, text) {
  source.close()
  status.dataset.over = 'true'
  status.textContent = text
}

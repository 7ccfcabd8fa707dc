// The sessions of this browser, shown anew whenever one of its requests has done something to them.

const watch = document.querySelector('#watch')

if (watch !== null) watchWhileVisible(watch, document.querySelector('#panel'))

function watchWhileVisible(status, panel) {
  let source
  const update = () => {
    source?.close()
    source = document.hidden ? undefined : follow(status, panel)
  }
  document.addEventListener('visibilitychange', update)
  addEventListener('pagehide', () => source?.close())
  addEventListener('pageshow', (event) => event.persisted && update())
  update()
}

function follow(status, panel) {
  const source = new EventSource(status.dataset.source)
  source.addEventListener('message', async () => {
    await show(status.dataset.panel, panel)
    if (status.textContent !== status.dataset.live) status.textContent = status.dataset.live
  })
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED) status.textContent = status.dataset.lost
  })
  return source
}

/** The markup is the server's own, as that of the page. Cookies may have changed since the stream began, so it is asked for. */
async function show(from, panel) {
  const response = await fetch(from)
  if (response.status === 200) panel.innerHTML = await response.text()
}

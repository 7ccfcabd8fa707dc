/**
 * The one script of the pages: the theme, and what happens live. It puts texts into elements that are there, and makes no
 * markup of any.
 */
export const SCRIPT = `'use strict'
{
  const KEY = 'fastify-sessions-inspector-theme'
  const THEMES = ['light', 'dark']

  // Where storage is blocked, the system's theme is all there is.
  const remembered = () => {
    try {
      return localStorage.getItem(KEY)
    } catch {
      return null
    }
  }
  const remember = (theme) => {
    try {
      localStorage.setItem(KEY, theme)
    } catch {}
  }
  const show = (theme) => {
    if (THEMES.includes(theme)) document.documentElement.dataset.theme = theme
    else delete document.documentElement.dataset.theme
  }
  show(remembered())

  const startTheme = () => {
    const choice = document.querySelector('.theme')
    const present = THEMES.includes(remembered()) ? remembered() : 'system'
    for (const input of choice.querySelectorAll('input')) {
      input.checked = input.value === present
      input.addEventListener('change', () => {
        remember(input.value)
        show(input.value)
      })
    }
    choice.hidden = false
  }

  const copyOf = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true)

  const stepOf = ({ tone, session, text, cost }) => {
    const step = copyOf('step')
    step.className = 'step ' + tone
    step.querySelector('.session').textContent = session
    step.querySelector('.text').textContent = text
    step.querySelector('.cost').textContent = cost
    return step
  }

  const fill = (item, row) => {
    item.dataset.id = row.id
    const time = item.querySelector('time')
    time.dateTime = row.at
    time.textContent = row.time
    item.querySelector('.method').textContent = row.method
    item.querySelector('.route').textContent = row.route
    item.querySelector('.steps').replaceChildren(...row.steps.map(stepOf))
    const more = item.querySelector('.more')
    more.hidden = row.more === 0
    more.textContent = 'and ' + row.more + ' more'
  }

  const MOST = 200

  const startFeed = (list) => {
    const live = document.getElementById('live')
    const say = (text) => {
      live.hidden = false
      live.textContent = text
    }
    const put = (row) => {
      let item = list.querySelector('[data-id="' + CSS.escape(row.id) + '"]')
      if (item === null) {
        item = copyOf('row')
        list.prepend(item)
        if (list.children.length > MOST) list.lastElementChild.remove()
      }
      fill(item, row)
      document.getElementById('none').hidden = true
    }
    let place = list.dataset.place
    const connect = () => {
      const feed = new EventSource(list.dataset.feed + '?after=' + encodeURIComponent(place))
      const isOver = () => feed.readyState === EventSource.CLOSED
      feed.addEventListener('open', () => say('Live'))
      feed.addEventListener('error', () => say(isOver() ? 'Not connected: reload the page' : 'Connecting again'))
      feed.addEventListener('message', ({ data, lastEventId }) => {
        place = lastEventId || place
        put(JSON.parse(data))
      })
      return feed
    }
    // Browsers open six connections to a host, so that tabs in the background would keep the app from those in sight.
    let feed
    const follow = () => {
      feed?.close()
      if (!document.hidden) feed = connect()
    }
    document.addEventListener('visibilitychange', follow)
    follow()
  }

  document.addEventListener('DOMContentLoaded', () => {
    startTheme()
    const list = document.getElementById('requests')
    if (list !== null) startFeed(list)
  })
}
`

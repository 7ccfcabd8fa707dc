import type { FastifyRequest } from 'fastify'
import { demoSessions, sourceOf } from './demo.js'
import type { Scene } from './scene.js'
import type { Stage } from './stage.js'
import type { Outcome } from './step.js'

const handlerThat = (render: () => Promise<void>) =>
  async function page(request: FastifyRequest) {
    const prefs = request.session('prefs')
    const notices = prefs.flashes('notice')
    await render()
    return notices.join(' ') || 'no message'
  }

export const twoTabs: Scene = {
  name: 'two-tabs',
  title: 'Two tabs read the same messages',
  short: 'Two tabs',
  situation:
    'A message waits to be shown once. A slow page takes it in one tab, while the other tab takes it too and then leaves a new one.',
  why: 'A page takes the messages that it has shown, and no others. The slow page’s taking is made again on the newer record, where the new message stays until somebody has seen it. Both tabs were loaded at once, so both show the first: shown twice is better than not at all.',
  lanes: { left: 'Tab 1', right: 'Tab 2' },
  acts: [{ given: 'Given: the message “Saved.” waits.', handler: sourceOf(handlerThat(async () => {})), play }]
}

async function play(stage: Stage): Promise<Outcome> {
  const { pause, wait } = stage.pause('left', 'renders slowly')
  const { sessions, ...options } = demoSessions(stage)
  // In a record: the cookie store, where the shop has them, has nothing to compare with.
  const prefs = { ...sessions.prefs, store: 'file' as const }
  const app = await stage.app({ ...options, sessions: { ...sessions, prefs } }, (app) => {
    app.get('/', handlerThat(wait))
    app.post('/message/:text', async (request) => {
      const { text } = request.params as { text: string }
      request.session('prefs').flash('notice', text)
      return 'kept'
    })
  })
  const browser = stage.browser(app)
  await browser.post('/message/Saved.')
  const slow = stage.request('left', browser, 'GET /')
  await Promise.race([pause.reached, slow])
  const quick = await stage.request('right', browser, 'GET /')
  await stage.request('right', browser, 'POST /message/Sent.')
  pause.release()
  const shown = [quick.body, (await slow).body]
  for (const _ of [1, 2]) shown.push((await stage.request('right', browser, 'GET /')).body)
  const isGood = shown.join() === 'Saved.,Saved.,Sent.,no message'
  return isGood
    ? { isGood, text: 'Both messages were seen, and the new one once.' }
    : { isGood, text: `Shown: ${shown.join(', ')}.` }
}

import type { FastifyRequest } from 'fastify'
import { demoSessions, sourceOf } from './demo.js'
import { addSignIn, USER } from './people.js'
import type { Scene } from './scene.js'
import type { Stage } from './stage.js'
import type { Outcome } from './step.js'

const handlerThat = (ended: (signal: AbortSignal) => Promise<void>) =>
  async function live(request: FastifyRequest) {
    const { signal } = request.session('login')
    await ended(signal)
    return 'the session has ended'
  }

export const otherDevice: Scene = {
  name: 'other-device',
  title: 'A session is ended from another device',
  short: 'Another device',
  situation:
    'The laptop was left in a train, with a page open that gets live data. Its owner signs it out from the phone.',
  why: 'Sessions are listed by user, on every record store, so that any of them can be ended from anywhere. What is still running for the one that ended is told so by a signal, and why it ended is on record.',
  lanes: { left: 'Laptop', right: 'Phone' },
  acts: [{ given: 'Given: a demo user, signed in on both.', handler: sourceOf(handlerThat(async () => {})), play }]
}

async function play(stage: Stage): Promise<Outcome> {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const app = await stage.app({ ...demoSessions(stage), history: 100 }, (app) => {
    addSignIn(app)
    app.get('/id', async (request) => request.session('login').id)
    app.get(
      '/live',
      handlerThat(async (signal) => {
        stage.tell({ text: 'stays open' })
        open()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      })
    )
    app.post('/end-others', async (request) => {
      const ended = await app.sessions.revoke(USER.name, { except: request.session('login') })
      return `${ended} ended`
    })
  })
  const [laptop, phone] = [stage.browser(app), stage.browser(app)]
  for (const browser of [laptop, phone]) await browser.post('/sign-in')
  const { body: id } = await laptop.get('/id')
  const live = stage.request('left', laptop, 'GET /live')
  await Promise.race([opened, live])
  await stage.request('right', phone, 'POST /end-others')
  await live
  const { body } = await stage.request('left', laptop, 'GET /who')
  const other = await stage.request('right', phone, 'GET /who')
  const { reason } = await app.sessions.why(id)
  const isGood = body !== USER.fullName && other.body === USER.fullName
  return {
    isGood,
    text: isGood ? `The laptop is out, the phone is in. On record: ${reason}` : 'The laptop is still signed in.'
  }
}

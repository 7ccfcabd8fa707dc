import type { FastifyRequest } from 'fastify'
import type { RecordStore } from 'fastify-sessions'
import { onBothStores } from './both-stores.js'
import { demoSessions, sourceOf } from './demo.js'
import { addSignIn, USER } from './people.js'
import type { Scene } from './scene.js'
import type { Stage } from './stage.js'
import type { Outcome } from './step.js'

const handlerThat = (report: () => Promise<void>) =>
  async function renameDevice(request: FastifyRequest) {
    const login = request.session('login')
    await report()
    login.set('device', 'The old laptop')
    return 'renamed'
  }

export const signOut: Scene = {
  name: 'sign-out',
  title: 'A slow request meets a sign-out',
  short: 'Sign-out',
  situation:
    'Somebody signs out while a slow request of theirs is still running. At its end it saves what it has changed in the session.',
  why: 'Where a store can only “set”, saving the session is what brings it back. Here creating a record and changing one are two different things. The slow request may only change, finds nothing to be changed, and its changes are dropped. Signed out means signed out.',
  lanes: { left: 'Slow request', right: 'Sign-out' },
  acts: onBothStores(
    { given: 'Given: a demo user, signed in.', handler: sourceOf(handlerThat(async () => {})) },
    signOutMeanwhile
  )
}

export async function signOutMeanwhile(stage: Stage, store: RecordStore): Promise<Outcome> {
  const { pause, wait } = stage.pause('left', 'makes a long report')
  const app = await stage.app(demoSessions(stage, store), (app) => {
    addSignIn(app)
    app.post('/device', handlerThat(wait))
  })
  const browser = stage.browser(app)
  await browser.post('/sign-in')
  const thief = browser.copy()
  const slow = stage.request('left', browser, 'POST /device')
  await Promise.race([pause.reached, slow])
  await stage.request('right', browser, 'POST /sign-out')
  pause.release()
  await slow
  const answer = await stage.request('right', thief, 'GET /who', ', with a copy of the cookie')
  return answer.body === USER.fullName
    ? { isGood: false, text: `Signed in again: a copy of the old cookie opens the session of ${answer.body}.` }
    : { isGood: true, text: 'Signed out. A copy of the old cookie opens nothing.' }
}

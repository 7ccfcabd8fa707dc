import type { FastifyRequest } from 'fastify'
import { memoryStore, type RecordStore } from 'fastify-sessions'
import { BlindStore } from './blind-store.js'
import { demoSessions, sourceOf } from './demo.js'
import { addSignIn, USER } from './people.js'
import type { Act, Scene } from './scene.js'
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
  acts: [
    act('A store that writes blindly', (store) => new BlindStore(store)),
    act('fastify-sessions: compare, then write', (store) => store)
  ]
}

function act(title: string, storeOf: (store: RecordStore) => RecordStore): Act {
  return {
    title,
    given: 'Given: a demo user, signed in.',
    handler: sourceOf(handlerThat(async () => {})),
    play: (stage) => signOutMeanwhile(stage, storeOf(memoryStore({ maxRecords: 100 })))
  }
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

import { demoSessions, newKey, sourceOf } from './demo.js'
import { addSignIn, USER } from './people.js'
import type { Scene } from './scene.js'
import type { Stage } from './stage.js'
import type { Outcome } from './step.js'

export const rotation: Scene = {
  name: 'key-rotation',
  title: 'The key is changed',
  short: 'Key change',
  situation: 'The key that seals the cookies is replaced while people are signed in, and the old one is taken out.',
  why: 'A cookie names its key, so that none is tried in vain, and whoever comes while both keys are there leaves with a cookie of the new one. Keep the old key for as long as sessions live, and nobody notices.',
  lanes: { left: 'Visitor', right: 'You' },
  acts: [{ given: 'Given: a ring with one key.', handler: sourceOf(rotate), play }]
}

function rotate(app: Rotating, next: string, old: string) {
  app.sessions.rotate([next, old])
}

interface Rotating {
  readonly sessions: { rotate(keys: readonly string[]): void }
}

async function play(stage: Stage): Promise<Outcome> {
  const [old, next] = [newKey(), newKey()]
  const app = await stage.app(demoSessions(stage, undefined, old), addSignIn)
  const browser = stage.browser(app)
  await stage.request('left', browser, 'POST /sign-in')
  const absent = browser.copy()
  stage.in('right', () => {
    stage.tell({ text: 'put a new key before the old' })
    rotate(app, next, old)
  })
  const between = await stage.request('left', browser, 'GET /who')
  stage.in('right', () => {
    stage.tell({ text: 'take the old key out' })
    app.sessions.rotate([next])
  })
  const after = await stage.request('left', browser, 'GET /who')
  const late = await stage.request('left', absent, 'GET /who', ', by who did not come in between')
  const isSignedIn = between.body === USER.fullName && after.body === USER.fullName
  return {
    isGood: isSignedIn,
    text: isSignedIn
      ? `Signed in all the while. Only a cookie that missed the change gives ${late.body}.`
      : 'The visitor is signed out.'
  }
}

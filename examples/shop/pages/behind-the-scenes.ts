import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Html, html } from '../html.js'
import { panel } from '../live/panel.js'
import type { Visitor } from '../live/visitor.js'
import { Visitors } from '../live/visitors.js'
import { sendPage } from '../page.js'
import type { Scene } from '../scenes/scene.js'
import { sceneView } from '../scenes/scene-view.js'
import { sceneOf, scenes } from '../scenes/scenes.js'
import { Theatre } from '../scenes/theatre.js'

const PATH = '/behind-the-scenes'

/** What is special about these sessions and happens too fast to be seen, made visible. */
export async function behindTheScenes(app: FastifyInstance): Promise<void> {
  const theatre = new Theatre()
  const visitors = new Visitors(app.sessions, PATH)
  app.addHook('preClose', async () => visitors.close())

  app.get(PATH, async (request, reply) => {
    const visitor = visitors.of(begin(request))
    const live = await panel(request, visitor)
    return sendPage(reply, 'Behind the scenes', await page(request, live))
  })

  app.post(PATH, (request, reply) => play(request, reply, 'all', scenes))

  app.post<{ Params: { name: string } }>(`${PATH}/:name`, async (request, reply) => {
    const scene = sceneOf(request.params.name)
    return scene === undefined ? reply.callNotFound() : play(request, reply, scene.name, [scene])
  })

  // What the page asks for by itself is no click.
  const own = { exposeHeadRoute: false, config: { sessions: { load: ['scenes'], touch: false } } } as const

  app.get(`${PATH}/live`, { ...own, config: { sessions: { touch: false } } }, async (request, reply) => {
    const visitor = visitorOf(request)
    if (visitor === undefined) return reply.code(204).send()
    const live = await panel(request, visitor)
    return reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(live.text)
  })

  app.get(`${PATH}/feed`, own, async (request, reply) => {
    const stream = visitorOf(request)?.listen()
    // No content tells a browser not to come back.
    if (stream === undefined) return reply.code(204).send()
    return reply.type('text/event-stream').header('cache-control', 'no-store').send(stream)
  })

  function visitorOf(request: FastifyRequest): Visitor | undefined {
    const { id, isNew } = request.session('scenes')
    return id === undefined || isNew ? undefined : visitors.of(id)
  }

  async function play(request: FastifyRequest, reply: FastifyReply, name: string, played: readonly Scene[]) {
    const runs = await theatre.run(played)
    if (runs === undefined) throw new TooManyError()
    begin(request)
    request.session('scenes').flash('played', name)
    const kept = await request.session('runs').load()
    kept.update('runs', (former) => ({ ...former, ...runs }))
    return reply.redirect(name === 'all' ? `${PATH}#scenes` : `${PATH}#${name}`, 303)
  }
}

class TooManyError extends Error {
  readonly statusCode = 429
  override readonly message = 'Too many scenes are being played at once. Please try again in a moment.'
}

/** By the id of this session the browser is known again. */
function begin(request: FastifyRequest): string {
  const session = request.session('scenes')
  if (session.isNew) session.set('since', Date.now())
  return `${session.id}`
}

async function page(request: FastifyRequest, live: Html): Promise<Html> {
  const { runs } = (await request.session('runs').load()).data
  const fresh = request.session('scenes').flashes('played')
  const isFresh = (name: string) => fresh.includes(name) || fresh.includes('all')
  return html`<h1>Behind the scenes</h1>
<p class="lead">Two clicks in the same millisecond, a deploy in the middle of a request: what goes wrong with sessions happens too fast to be seen, and too rarely to be tried. Here it is a button.</p>
<p class="soft">Nothing is staged but the order of events. The library runs each scene when you press the button, in a small app of its own, with a user of its own: you stay signed in or out as you are. Lines in bold are what the library published as an event.</p>
<form method="post" action="${PATH}"><button>Run all seven</button></form>
<nav class="contents" aria-label="On this page"><ol class="row">
${scenes.map(({ name, short }, index) => html`<li><a href="#${name}"><b>${index + 1}</b> ${short}</a></li>`)}
<li><a href="#your-browser">Your browser, live</a></li>
</ol></nav>
<div id="scenes">${scenes.map((scene, index) => sceneView(scene, index + 1, runs[scene.name], isFresh(scene.name)))}</div>
<section class="scene" id="your-browser" aria-labelledby="title-browser">
<div class="intro"><h2 id="title-browser">Your own browser, live</h2>
<p>What this browser has of the shop’s sessions: no values, but what they are kept in and for how long. <span id="watch" role="status" data-source="${PATH}/feed" data-panel="${PATH}/live" data-live="Live: it changes as you use the shop in another tab." data-lost="No longer live: load the page anew."></span><noscript>Load the page anew to see what has changed.</noscript></p></div>
<div id="panel">${live}</div>
</section>`
}

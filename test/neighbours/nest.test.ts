import 'reflect-metadata'
import {
  type CanActivate,
  Controller,
  createParamDecorator,
  type ExecutionContext,
  Get,
  HttpCode,
  Module,
  Param,
  Post,
  Req,
  Session,
  UseGuards
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { z } from 'zod'
import sessions, { memoryStore, type Session as OneSession, type SessionsOptions } from '../../lib/index.js'
import { ControlledStore } from '../../lib/testing/index.js'
import { Client, KEY } from '../client.js'

const requestOf = (context: ExecutionContext) => context.switchToHttp().getRequest<FastifyRequest>()

const Named = createParamDecorator((name: string, context: ExecutionContext) => requestOf(context).session(name))

class SignedIn implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return requestOf(context).session('login').subject !== undefined
  }
}

/** What `@Session()` gives, as one takes it who has read Nest's manual. */
interface Nests {
  (name: string): OneSession
  get(key: string): unknown
  user?: unknown
}

@Controller()
class Account {
  @Post('sign-in/:user')
  signIn(@Param('user') user: string, @Named('login') login: OneSession) {
    login.regenerate().identify(user).set('user', user)
    return 'in'
  }

  @Get('account')
  @UseGuards(SignedIn)
  account(@Req() request: FastifyRequest) {
    return { user: request.session('login').get('user') }
  }

  @Post('sign-out')
  @HttpCode(200)
  signOut(@Named('login') login: OneSession) {
    login.destroy()
    return 'out'
  }

  @Post('wrong')
  wrong(@Named('login') login: OneSession) {
    login.set('user', 1)
  }

  @Get('called')
  called(@Session() session: Nests) {
    return { user: session('login').get('user') }
  }

  @Get('taken')
  taken(@Session() session: Nests) {
    return { user: session.get('user'), same: session.user }
  }
}

@Module({ controllers: [Account] })
class AppModule {}

async function nest(t: Test, options: Partial<SessionsOptions> = {}) {
  const controlled = new ControlledStore(memoryStore())
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: false })
  t.teardown(() => app.close())
  await app.register(sessions, {
    keys: [KEY],
    stores: { memory: controlled.store },
    sessions: { login: { store: 'memory', schema: z.object({ user: z.string() }), invalidValueStatus: 400 } },
    ...options
  } as never)
  await app.init()
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance
  await fastify.ready()
  const client = new Client(fastify)
  const post = (url: string) => client.get(url, { method: 'POST' })
  return { client, post, controlled }
}

t.test('NestJS: a guard knows who has signed in, and a decorator hands a handler its session', async (t) => {
  const { client, post } = await nest(t)
  t.equal((await client.get('/account')).statusCode, 403)
  t.equal((await post('/sign-in/ada')).statusCode, 201)
  t.same(await client.json('/account'), { user: 'ada' })
  const copied = client.copy()
  await post('/sign-out')
  t.equal((await client.get('/account')).statusCode, 403)
  t.equal((await copied.get('/account')).statusCode, 403)
})

t.test('NestJS: a default session is what @Session() gives, and gives the others by name', async (t) => {
  const { client, post } = await nest(t, { default: 'login' } as never)
  await post('/sign-in/ada')
  t.same(await client.json('/taken'), { user: 'ada', same: 'ada' })
  t.same(await client.json('/called'), { user: 'ada' })
})

t.test('NestJS: without a default session, @Session() tells what to write instead', async (t) => {
  const { client } = await nest(t)
  for (const url of ['/taken', '/called']) {
    const { statusCode, message } = (await client.json(url)) as { statusCode: number; message: string }
    t.equal(statusCode, 500)
    t.match(message, 'in Nest take @Req(), not @Session()')
  }
})

t.test("NestJS: its filter answers with the status of this plugin's errors", async (t) => {
  const { post, controlled } = await nest(t)
  const wrong = await post('/wrong')
  t.equal(wrong.statusCode, 400)
  controlled.failOn('create')
  const failed = await post('/sign-in/ada')
  t.equal(failed.statusCode, 503)
  t.notOk(failed.headers['set-cookie'])
})

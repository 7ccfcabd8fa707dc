/*
 * Requests within the process, without a network: as much of Node's requests and responses as Fastify and the contestants
 * look at.
 */

const socket = { remoteAddress: '127.0.0.1', encrypted: false, destroyed: false }

class Request {
  method = 'GET'
  httpVersionMajor = 1
  socket = socket

  constructor(url, cookie) {
    this.url = url
    this.headers = cookie === '' ? {} : { cookie }
  }
}

class Response {
  statusCode = 200
  headersSent = false
  writableEnded = false
  headers = {}
  ended = undefined

  writeHead(statusCode, headers) {
    this.statusCode = statusCode
    Object.assign(this.headers, headers)
    this.headersSent = true
  }

  setHeader(name, value) {
    this.headers[name] = value
  }

  getHeader() {}

  getHeaders() {
    return {}
  }

  hasHeader() {
    return false
  }

  on() {
    return this
  }

  end() {
    this.writableEnded = true
    this.ended?.()
  }
}

/** Asks for `url`. @returns the cookie that the browser is to send from now on; `undefined`: it keeps what it has */
export async function request(app, url, cookie = '') {
  const response = new Response()
  app.routing(new Request(url, cookie), response)
  if (!response.writableEnded) {
    await new Promise((resolve) => {
      response.ended = resolve
    })
  }
  if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode}`)
  const set = response.headers['set-cookie']
  return set && [set].flat().at(-1).split(';')[0]
}

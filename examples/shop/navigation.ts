import type { FastifyRequest } from 'fastify'
import { type Html, html } from './html.js'
import { icons } from './pictures.js'

export function navigation(request: FastifyRequest): Html {
  const user = request.session('login').get('user')
  return html`<nav aria-label="Main">
    ${link(request, '/cart', html`${icons.cart} <span>Cart</span> <b class="tag" id="cart-count">${cartCount(request)}</b>`)}
    ${link(request, '/preferences', html`${icons.sliders} <span>Preferences</span>`)}
    ${
      user === undefined
        ? link(request, '/sign-in', html`${icons.person} <span>Sign in</span>`)
        : link(request, '/account', html`${icons.person} <span>${user}</span>`)
    }
  </nav>`
}

export function link(request: FastifyRequest, path: string, content: Html): Html {
  return html`<a class="row" href="${path}"${request.url === path && html` aria-current="page"`}>${content}</a>`
}

function cartCount(request: FastifyRequest): number {
  return Object.values(request.session('cart').get('items')).reduce((sum, quantity) => sum + quantity, 0)
}

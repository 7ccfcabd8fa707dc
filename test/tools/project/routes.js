export default async function routes(app) {
  app.get('/', async (request) => ({
    user: request.session.user ?? null,
    items: request.session('cart').get('items'),
    theme: request.session('prefs').get('theme')
  }))
  app.post('/sign-in/:user', async (request) => {
    const { user } = request.params
    request.session('login').regenerate().identify(user).set('user', user)
    return 'in'
  })
  app.post('/items/:item', async (request) =>
    request.session('cart').update('items', (items) => [...items, request.params.item])
  )
  app.post('/dark', async (request) => {
    request.session('prefs').set('theme', 'dark')
    return 'dark'
  })
  app.post('/sign-out', async (request) => {
    request.session('login').destroy()
    return 'out'
  })
}

export { type BrowserOptions, type GiveOptions, TestBrowser, type Visit } from './browser.js'
export { type MovableClock, movableClock } from './clock.js'
export { ControlledStore, type Stall, type StoreMethod } from './controlled-store.js'
export { CookieJar, type StoredCookie } from './cookie-jar.js'

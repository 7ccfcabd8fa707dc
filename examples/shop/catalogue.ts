import { type Html, html } from './html.js'

export interface Product {
  readonly id: string
  readonly name: string
  readonly text: string
  /** In euro cents. */
  readonly price: number
  readonly hue: number
  readonly picture: Html
}

export const products: readonly Product[] = [
  {
    id: 'teapot',
    name: 'Stoneware teapot',
    text: 'Holds four cups, keeps them warm.',
    price: 4900,
    hue: 18,
    picture: html`<path d="M32 58c0-14 14-24 32-24s32 10 32 24-12 30-32 30-32-16-32-30z"/><path class="line" d="M96 52c14-4 20 4 16 14s-12 14-20 14M32 62 14 48"/><circle cx="64" cy="28" r="5"/>`
  },
  {
    id: 'lamp',
    name: 'Reading lamp',
    text: 'Warm light where the page is.',
    price: 7900,
    hue: 45,
    picture: html`<path d="M40 22h48l14 36H26z"/><path class="line" d="M64 58v42M42 104h44"/>`
  },
  {
    id: 'notebook',
    name: 'Linen notebook',
    text: '192 dotted pages that lie flat.',
    price: 1600,
    hue: 200,
    picture: html`<rect x="34" y="20" width="60" height="84" rx="5"/><path class="line" d="M46 20v84M58 44h24M58 56h24"/>`
  },
  {
    id: 'plant',
    name: 'Potted monstera',
    text: 'Forgives a forgotten week.',
    price: 3200,
    hue: 140,
    picture: html`<path d="M42 76h44l-6 28H48z"/><path class="line" d="M64 76V40"/><path d="M64 48c-26 0-30-18-28-28 16 0 28 8 28 28zM64 56c22 0 26-14 26-24-14 0-26 6-26 24z"/>`
  },
  {
    id: 'mug',
    name: 'Camping mug',
    text: 'Enamel, survives the dishwasher.',
    price: 1400,
    hue: 355,
    picture: html`<path d="M32 36h52v50a12 12 0 0 1-12 12H44a12 12 0 0 1-12-12z"/><path class="line" d="M84 48h8a12 12 0 0 1 0 28h-8"/>`
  },
  {
    id: 'blanket',
    name: 'Wool blanket',
    text: 'For the balcony in October.',
    price: 8900,
    hue: 265,
    picture: html`<rect x="24" y="38" width="80" height="54" rx="8"/><path class="line" d="M24 56h80M24 74h80M44 38v54M84 38v54"/>`
  }
]

export function product(id: string): Product | undefined {
  return products.find((candidate) => candidate.id === id)
}

export const currencies = ['EUR', 'USD', 'GBP'] as const
export type Currency = (typeof currencies)[number]

const RATES: Readonly<Record<Currency, number>> = { EUR: 1, USD: 1.08, GBP: 0.85 }

export function money(cents: number, currency: Currency): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).format((cents * RATES[currency]) / 100)
}

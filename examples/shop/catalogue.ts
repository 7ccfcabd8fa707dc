import type { Html } from './html.js'
import { pictures } from './pictures.js'

export interface Product {
  readonly id: string
  readonly name: string
  readonly text: string
  /** The price in euro cents. */
  readonly price: number
  /** How many fit on the shelf. */
  readonly shelf: number
  readonly picture: Html
}

export const products: readonly Product[] = [
  {
    id: 'teapot',
    name: 'Stoneware teapot',
    text: 'Holds four cups and keeps them warm.',
    price: 4900,
    shelf: 12,
    picture: pictures.teapot
  },
  {
    id: 'lamp',
    name: 'Reading lamp',
    text: 'Warm light where the page is.',
    price: 7900,
    shelf: 8,
    picture: pictures.lamp
  },
  {
    id: 'notebook',
    name: 'Linen notebook',
    text: '192 dotted pages that lie flat.',
    price: 1600,
    shelf: 40,
    picture: pictures.notebook
  },
  {
    id: 'plant',
    name: 'Potted plant',
    text: 'Forgives a forgotten week.',
    price: 3200,
    shelf: 9,
    picture: pictures.plant
  },
  {
    id: 'mug',
    name: 'Camping mug',
    text: 'Enamel, at home in the dishwasher.',
    price: 1400,
    shelf: 24,
    picture: pictures.mug
  },
  {
    id: 'blanket',
    name: 'Wool blanket',
    text: 'For the balcony in October.',
    price: 8900,
    shelf: 15,
    picture: pictures.blanket
  },
  {
    id: 'candle',
    name: 'Beeswax candle',
    text: 'Forty hours of not much else.',
    price: 1900,
    shelf: 30,
    picture: pictures.candle
  },
  {
    id: 'radio',
    name: 'Kitchen radio',
    text: 'Two knobs, no updates.',
    price: 6400,
    shelf: 6,
    picture: pictures.radio
  }
]

export function productOf(id: string): Product | undefined {
  return products.find((product) => product.id === id)
}

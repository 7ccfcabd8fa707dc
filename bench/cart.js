/** What every contestant keeps: about 600 bytes of JSON, and a counter. */
export const cart = {
  user: 'user-4711',
  items: Array.from({ length: 8 }, (_, index) => ({
    sku: `sku-${1000 + index}`,
    name: `Article number ${index}`,
    qty: 1 + index,
    price: 990 + 100 * index
  })),
  count: 0
}

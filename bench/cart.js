/** What every contestant keeps: about 600 bytes of JSON, and a counter. Another visitor's has other texts in it. */
export function cartOf(visitor) {
  return {
    user: `user-${visitor}`,
    items: Array.from({ length: 8 }, (_, index) => ({
      sku: `sku-${visitor % 9000}-${1000 + index}`,
      name: `Article number ${index} of ${visitor}`,
      qty: 1 + index,
      price: 990 + 100 * index
    })),
    count: 0
  }
}

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

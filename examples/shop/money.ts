export const currencies = ['EUR', 'USD', 'GBP'] as const
export type Currency = (typeof currencies)[number]

const RATES: Readonly<Record<Currency, number>> = { EUR: 1, USD: 1.08, GBP: 0.85 }

/** Formats a price, which is given in euro cents, in a currency. */
export function money(cents: number, currency: Currency): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).format((cents * RATES[currency]) / 100)
}

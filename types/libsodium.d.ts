/** Declares the raw functions of libsodium.js that the plugin calls. The package has no types of its own. */
declare module 'libsodium' {
  export interface Sodium {
    readonly HEAPU8: Uint8Array
    _malloc(bytes: number): number
    _free(pointer: number): void
    _crypto_aead_xchacha20poly1305_ietf_encrypt(
      c: number,
      clen: number,
      m: number,
      mlen: number,
      mlenHigh: number,
      ad: number,
      adlen: number,
      adlenHigh: number,
      nsec: number,
      npub: number,
      k: number
    ): number
    _crypto_aead_xchacha20poly1305_ietf_decrypt(
      m: number,
      mlen: number,
      nsec: number,
      c: number,
      clen: number,
      clenHigh: number,
      ad: number,
      adlen: number,
      adlenHigh: number,
      npub: number,
      k: number
    ): number
    _crypto_secretbox_open_easy(m: number, c: number, clen: number, clenHigh: number, n: number, k: number): number
  }
  export type Entry = ((options: object) => Promise<Sodium>) | (Sodium & { readonly ready: Promise<void> })
  const entry: Entry
  export default entry
}

/** Time, chance and the connection as the SDK sees them, and the real time and chance. */

/** The only time there is. */
export interface Clock {
  /** Seconds that never go back; only differences mean anything. */
  now(): number
  /** Run this at that time or soon after, and never for infinity. Returns what takes it back. */
  at(time: number, run: () => void): () => void
}

/** The only chance there is. */
export interface Randomness {
  /** A number between the two, for jitter. */
  uniform(low: number, high: number): number
  /** So many unpredictable bytes. */
  bytes(size: number): Uint8Array
}

/** What a connection tells. Nothing follows `closed`. */
export interface Listener {
  opened(): void
  /** One whole message. */
  received(data: Uint8Array): void
  /** It is gone, or could not be made. The close code, if there was one. */
  closed(code: number | null): void
}

/** One WebSocket. */
export interface Connection {
  /** Bytes that wait to go out. */
  readonly queuedBytes: number
  send(data: Uint8Array<ArrayBuffer>): void
  /** End it politely; the listener hears nothing more. */
  close(): void
}

/** Makes connections to one server address. */
export interface Connector {
  connect(listener: Listener): Connection
}

const TIMER_MS_MAX = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now() / 1000,
  at(time, run) {
    if (time === Infinity) return () => undefined
    const ms = Math.min(TIMER_MS_MAX, Math.max(0, Math.ceil((time - systemClock.now()) * 1000)))
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

export const systemRandomness: Randomness = {
  uniform: (low, high) => low + (high - low) * Math.random(),
  bytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
}

/** A fresh client id: a random UUID. (`crypto.randomUUID` isn't there on pages without TLS.) */
export function newClientId(randomness: Randomness): string {
  const bytes = randomness.bytes(16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** What is watched beside streams as its reader sees it: an async iterator, the newest of each name. */

import type { ClientError } from './errors.ts'
import type { Ended, Gone, Head, PersonPresence } from './items.ts'
import { Notifier } from './notifier.ts'

/**
 * What is new about some names. Iterate it once; `close`, or leaving the loop, ends it.
 *
 * It yields something for each name that changed, and last of all one `ended`. Of a name only the newest waits for a
 * slow reader.
 */
export class Feed<T> implements AsyncIterableIterator<T | Ended, undefined> {
  readonly #watch: (names: readonly string[]) => void
  #items = new Map<string, T>()
  readonly #changed = new Notifier()
  #waiting: { resolve: () => void; reject: (error: ClientError) => void }[] = []
  #failure: ClientError | null = null
  #closed = false

  /** Made by `Client.watchHeads` and `Client.watchPresence`. */
  constructor(watch: (names: readonly string[]) => void) {
    this.#watch = watch
  }

  /**
   * Watch these, at least one, instead of those before. Resolves once the server agreed.
   *
   * Rejects with RefusedError, ClosedError.
   */
  async watch(names: readonly string[]): Promise<void> {
    if (names.length === 0) throw new RangeError('name at least one, or close the feed')
    if (this.#failure) throw this.#failure
    if (this.#closed) throw new Error('the feed is closed')
    const named = new Set(names)
    this.#items = new Map([...this.#items].filter(([name]) => named.has(name)))
    const answered = new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }))
    this.#watch([...named])
    await answered
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<T | Ended, undefined>> {
    for (;;) {
      const [first] = this.#items
      if (first) {
        this.#items.delete(first[0])
        return { done: false, value: first[1] }
      }
      if (this.#closed) return { done: true, value: undefined }
      if (this.#failure) {
        this.#closed = true
        return { done: false, value: { kind: 'ended', stream: null, error: this.#failure } }
      }
      await this.#changed.passed()
    }
  }

  async return(): Promise<IteratorResult<T | Ended, undefined>> {
    this.close()
    return { done: true, value: undefined }
  }

  /** Watch nothing any more, end the iteration. Safe to call twice. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#items.clear()
    this.#changed.pass()
    if (!this.#failure) this.#watch([])
  }

  // --- the client's side -------------------------------------------------------------------------------------

  /** Watch these for the first time; whatever goes wrong closes it. */
  async begin(names: readonly string[]): Promise<this> {
    try {
      await this.watch(names)
    } catch (error) {
      this.close()
      throw error
    }
    return this
  }

  /** Note what is new of a name. */
  push(name: string, item: T): void {
    this.#items.set(name, item)
    this.#changed.pass()
  }

  /** The server watches what was named last. */
  answered(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve()
  }

  /** Nothing follows. */
  ended(error: ClientError): void {
    this.#failure = error
    this.#changed.pass()
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}

/**
 * How much is new in rooms: first of all one `head` for each, and all again after a reconnect. A room that is `gone`
 * isn't watched any more.
 */
export type HeadsFeed = Feed<Head | Gone>

/**
 * Who is there: first of all those who are. After a reconnect those who were there are told offline until the server
 * tells otherwise.
 */
export type PresenceFeed = Feed<PersonPresence>

/** A followed stream as its reader sees it: an async iterator over a bounded buffer. */

import type { ClientError } from './errors.ts'
import type { Ended, Event, Item, Read, Signal, Snapshot } from './items.ts'
import type { Position } from './protocol.ts'
import { Notifier } from './notifier.ts'

/** Signals that find this many items waiting are dropped. */
const SIGNALS_BUFFERED_MAX = 32

/**
 * One followed stream. Iterate it once; `close`, or leaving the loop, stops following.
 *
 * It yields events, snapshots and signals, and last of all one `ended`. Reconnects aren't seen here: events go on where
 * they stopped, or a snapshot says that too much was missed.
 *
 * The buffer holds `bufferItemsMax` items. A reader slower than its stream stops nobody else: the SDK leaves the stream
 * while the buffer is full and resumes it, from the server's log, once half was read.
 */
export class Stream implements AsyncIterableIterator<Item, undefined> {
  readonly id: string
  #position: Position | null
  readonly #consumed: (stream: Stream) => void
  readonly #left: (stream: Stream) => void
  readonly #buffer: Item[] = []
  readonly #changed = new Notifier()
  #closed = false

  /** Made by `Client.subscribe`. */
  constructor(
    id: string,
    since: Position | null,
    consumed: (stream: Stream) => void,
    left: (stream: Stream) => void,
  ) {
    this.id = id
    this.#position = since
    this.#consumed = consumed
    this.#left = left
  }

  /** Where the reader stands: after the last item it took. Keep it to resume in another run. */
  get position(): Position | null {
    return this.#position
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Item, undefined>> {
    for (;;) {
      const item = this.#buffer.shift()
      if (item) {
        this.#took(item)
        return { done: false, value: item }
      }
      if (this.#closed) return { done: true, value: undefined }
      await this.#changed.passed()
    }
  }

  async return(): Promise<IteratorResult<Item, undefined>> {
    this.close()
    return { done: true, value: undefined }
  }

  /** Stop following, forget what is buffered, end the iteration. Safe to call twice. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#buffer.length = 0
    this.#changed.pass()
    this.#left(this)
  }

  #took(item: Item): void {
    if (item.kind === 'event' || item.kind === 'snapshot') {
      this.#position = item.position
      this.#consumed(this)
    } else if (item.kind === 'ended') {
      this.#closed = true
    }
  }

  // --- the client's side -------------------------------------------------------------------------------------

  /** Buffer an item. The state machine bounds how many events wait; signals are dropped first. */
  push(item: Event | Snapshot | Signal | Read): void {
    const ephemeral = item.kind === 'signal' || item.kind === 'read'
    if (ephemeral && this.#buffer.length >= SIGNALS_BUFFERED_MAX) return
    this.#buffer.push(item)
    this.#changed.pass()
  }

  /** Nothing follows. */
  ended(error: ClientError): void {
    const last: Ended = { kind: 'ended', stream: this.id, error }
    this.#buffer.push(last)
    this.#changed.pass()
  }
}

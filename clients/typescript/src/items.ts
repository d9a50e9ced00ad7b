/** What a followed stream hands to its reader, and what a client tells about its connection. */

import type { ClientError } from './errors.ts'
import type { Events, EventFrame, Header, Position, RoomHead, Signalled, Subscribed, Views } from './protocol.ts'
import { viewWithDefaults, withDefaults } from './wire.ts'

/**
 * One event, each once, in the stream's order.
 *
 * `payload` is null when the event was erased. A later server may send a `type` that isn't known here: leave it to a
 * `default` branch.
 */
export type Event = {
  [T in keyof Events]: {
    readonly kind: 'event'
    readonly type: T
    readonly header: Header
    readonly payload: Events[T] | null
    /** Where the reader stands after it; good for a later `subscribe(stream, { since })`. */
    readonly position: Position
  }
}[keyof Events]

/** The state of the stream at `position`: forget what came before. Events follow from there. */
export interface Snapshot {
  readonly kind: 'snapshot'
  readonly stream: string
  /** What the stream's kind shows: a RoomView, an InboxView … */
  readonly view: Views[keyof Views]
  /** The last seq that existed when the subscription began. */
  readonly head: number
  readonly position: Position
}

/** An ephemeral signal, such as `room.typing`. Dropped when its reader doesn't keep up. */
export interface Signal {
  readonly kind: 'signal'
  readonly stream: string
  readonly author: string
  readonly type: string
  readonly data: Signalled['data']
}

/** A user has read a room up to this message: a signal, in their own inbox and in direct rooms. */
export interface Read {
  readonly kind: 'read'
  /** Where it was told. */
  readonly stream: string
  readonly room: string
  readonly user: string
  readonly number: number
}

/** The last item: the right to listen ended (RefusedError) or the client was closed (ClosedError). */
export interface Ended {
  readonly kind: 'ended'
  /** Null for heads and presence. */
  readonly stream: string | null
  readonly error: ClientError
}

/** How much is new in a room. */
export interface Head extends RoomHead {
  readonly kind: 'head'
}

/** The user isn't in this room any more, whose heads were watched. Who joins again names it again. */
export interface Gone {
  readonly kind: 'gone'
  readonly room: string
}

/** How somebody is seen now. Who is invisible, or doesn't let one see, is offline. */
export interface PersonPresence {
  readonly kind: 'presence'
  readonly user: string
  readonly status: 'away' | 'busy' | 'offline' | 'online'
}

export type Item = Event | Snapshot | Signal | Read | Ended

/** Told of every session that begins or ends; of an attempt that failed too. */
export type Status =
  | { readonly kind: 'online'; readonly user: string; readonly node: string; readonly session: string }
  | {
      readonly kind: 'offline'
      readonly code: number | null
      readonly message: string
      /** The next attempt follows by itself after this. */
      readonly retryAfterS: number
      /** What the token provider threw, if that was why. */
      readonly cause: unknown
    }
  | { readonly kind: 'closed'; readonly code: number; readonly message: string }

/** The item of one delivered frame. */
export function itemOf(
  frame: EventFrame | Subscribed | Signalled,
  position: Position,
): Event | Snapshot | Signal | Read {
  switch (frame.t) {
    case 'event': {
      const { header } = frame
      const payload = withDefaults(header.type, frame.payload)
      return { kind: 'event', type: header.type, header, payload, position } as Event
    }
    case 'subscribed': {
      const { stream, head } = frame
      const view = viewWithDefaults(stream, frame.snapshot) as Snapshot['view']
      return { kind: 'snapshot', stream, view, head, position }
    }
    case 'signal':
      return readOf(frame) ?? { kind: 'signal', stream: frame.stream, author: frame.author, type: frame.type, data: frame.data }
  }
}

function readOf({ stream, type, data }: Signalled): Read | null {
  const { room, user, number } = data
  const sound = typeof room === 'string' && typeof user === 'string' && typeof number === 'number'
  return type === 'read' && sound ? { kind: 'read', stream, room, user, number } : null
}

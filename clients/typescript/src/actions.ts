/** What the state machine asks of whoever drives it. To be carried out in the order given. */

import type { ClientError, ClosedError } from './errors.ts'
import type { PersonPresence } from './items.ts'
import type { Accepted, EventFrame, Heads, Position, Signalled, Subscribed, Welcome } from './protocol.ts'
import type { SentFrame } from './wire.ts'

export type Action =
  /** Open a connection after this many seconds, then call `connected` or `disconnected`. */
  | { readonly do: 'connect'; readonly afterS: number }
  /** Drop the connection. What it may still say is not of interest. */
  | { readonly do: 'disconnect' }
  /** Send this frame on the present connection. */
  | { readonly do: 'send'; readonly frame: SentFrame }
  /** Ask whether the server is there; any frame that comes is the answer. */
  | { readonly do: 'ping' }
  /** Get a newer token and call `refreshed`. */
  | { readonly do: 'fetchToken' }
  /** Hand an item to the stream's reader; `position` is where the reader stands after it. */
  | {
      readonly do: 'deliver'
      readonly stream: string
      readonly frame: EventFrame | Subscribed | Signalled
      readonly position: Position
    }
  /** The stream is followed for the first time. */
  | { readonly do: 'opened'; readonly stream: string }
  /** Nothing of the stream follows: tell its reader why, after all that was delivered. */
  | { readonly do: 'end'; readonly stream: string; readonly error: ClientError }
  /** The server watches the heads of the rooms that were named last. */
  | { readonly do: 'watchedHeads' }
  /** Tell the watcher of heads how these rooms stand, and which are gone. */
  | { readonly do: 'deliverHeads'; readonly heads: Heads }
  /** No heads follow: tell their watcher why. */
  | { readonly do: 'endHeads'; readonly error: ClientError }
  /** The server watches the people that were named last. */
  | { readonly do: 'watchedPresence' }
  /** Tell the watcher of presence how these are seen. */
  | { readonly do: 'deliverPresence'; readonly people: readonly PersonPresence[] }
  /** No presence follows: tell its watcher why. */
  | { readonly do: 'endPresence'; readonly error: ClientError }
  /** A command has its outcome. Happens once for each that wasn't abandoned. */
  | { readonly do: 'settle'; readonly clientId: string; readonly outcome: Accepted | ClientError }
  /** A session is open. */
  | { readonly do: 'wentOnline'; readonly welcome: Welcome }
  /** There is no session, and another attempt follows after `retryAfterS`. */
  | {
      readonly do: 'wentOffline'
      readonly code: number | null
      readonly message: string
      readonly retryAfterS: number
    }
  /** The client is closed for good; comes last. */
  | { readonly do: 'finished'; readonly error: ClosedError }

/** Which rooms' heads the client watches. Pure. A session's first `heads` frame tells how all of them stand. */

import type { Action } from './actions.ts'
import type { ClientError } from './errors.ts'
import type { Heads, WatchHeads } from './protocol.ts'
import { type Names, Watched } from './watched.ts'

/** See Watched. watchedHeads and endHeads answer `watch`. */
export class WatchedRooms extends Watched {
  protected question(clientId: string, rooms: Names): WatchHeads {
    return { t: 'watch_heads', client_id: clientId, rooms }
  }

  protected agreed(): Action {
    return { do: 'watchedHeads' }
  }

  protected over(error: ClientError): Action {
    return { do: 'endHeads', error }
  }

  /** How rooms stand, and which are gone: those that are still wanted. */
  heads(frame: Heads): Action[] {
    const rooms = frame.rooms.filter(({ room }) => this.wants(room))
    const gone = frame.gone.filter((room) => this.wants(room))
    this.forget(gone)
    return rooms.length + gone.length > 0 ? [{ do: 'deliverHeads', heads: { ...frame, rooms, gone } }] : []
  }
}

/** How patient the SDK is. Every value has its unit in its name; the defaults suit a game client. */

import { HELLO_TIMEOUT_S, RESEND_FOR_S } from './protocol.ts'

export interface Policy {
  /** For the token, TCP, TLS and the WebSocket handshake of one attempt. */
  readonly connectTimeoutS: number
  /** From our hello to the server's welcome. */
  readonly welcomeTimeoutS: number
  /** The first attempt to come back is made after half to all of this; it doubles with each further one. */
  readonly backoffMinS: number
  readonly backoffMaxS: number
  /** A session that lasted this long was a good one: the next back-off begins at the minimum. */
  readonly backoffResetS: number
  /** How long a command refused with `retry` is tried again, from its first refusal; 0 throws each at once. */
  readonly refusedRetryForS: number
  /** How long a command without a certain outcome is sent again before UnknownOutcomeError. */
  readonly resendForS: number
  /** Commands that are not settled; `send` waits while there are so many. */
  readonly pendingCommandsMax: number
  /** Items of one stream that wait for its reader; beyond, the stream is left and resumed once they are read. */
  readonly bufferItemsMax: number
  /** A token from a provider is replaced when this part of its life has passed. */
  readonly tokenRefreshFraction: number
}

export const DEFAULT_POLICY: Policy = {
  connectTimeoutS: 10,
  welcomeTimeoutS: HELLO_TIMEOUT_S,
  backoffMinS: 0.25,
  backoffMaxS: 30,
  backoffResetS: 10,
  refusedRetryForS: 30,
  resendForS: RESEND_FOR_S,
  pendingCommandsMax: 1024,
  bufferItemsMax: 256,
  tokenRefreshFraction: 0.75,
}

/** What the SDK throws. The three replies stay apart: accepted is returned, refused and unknown are thrown. */

import type { Code, Refused } from './protocol.ts'

/** Base of everything the SDK throws to its user. */
export class ClientError extends Error {
  override readonly name: string = 'ClientError'
}

/** The command certainly changed nothing. */
export class RefusedError extends ClientError {
  override readonly name = 'RefusedError'
  /** Stable, to switch on. A code of a later version comes as it is: go by `retry` then. */
  readonly code: Code
  /** What was wrong, if one field was. */
  readonly field: string | null
  /** Whether the same command can succeed later as it is. */
  readonly retry: boolean
  /** When, if that is known. */
  readonly retryAfterS: number | null

  constructor(
    code: Code,
    message: string,
    more: { field?: string | null; retry?: boolean; retryAfterS?: number | null } = {},
  ) {
    super(message)
    this.code = code
    this.field = more.field ?? null
    this.retry = more.retry ?? false
    this.retryAfterS = more.retryAfterS ?? null
  }

  /** The refusal a server sent. */
  static of(reply: Refused): RefusedError {
    const { field, retry, retry_after_s: retryAfterS } = reply
    return new RefusedError(reply.code, reply.message, { field, retry, retryAfterS })
  }
}

/**
 * The command was sent and may or may not have taken effect; the SDK no longer asks.
 *
 * Sending the same command again, with this `client_id` and `resend: true`, is safe.
 */
export class UnknownOutcomeError extends ClientError {
  override readonly name = 'UnknownOutcomeError'
  readonly clientId: string

  constructor(clientId: string) {
    super(`the outcome of ${clientId} isn't known`)
    this.clientId = clientId
  }
}

/** The client is closed and doesn't come back by itself; what threw this certainly changed nothing. */
export class ClosedError extends ClientError {
  override readonly name = 'ClosedError'
  /** The close code, see `CloseCode`; 1000 when the user closed it. */
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** Thrown by a token provider that will never have a token again: the client closes, with its message. */
export class TokenDeniedError extends Error {
  override readonly name = 'TokenDeniedError'
}

/** What codes mean to a client, also codes of a later version. */

import { CLOSES, CODES, type Code } from './protocol.ts'

/** Whether the same command can succeed later without change; no for a code this version doesn't know. */
export function mayRetry(code: Code): boolean {
  return CODES[code]?.retry ?? false
}

/** Whether a client should reconnect by itself after this close code. One it doesn't know goes by its range. */
export function mayComeBack(code: number): boolean {
  return CLOSES[code]?.comeBack ?? !(code >= 4100 && code <= 4199)
}

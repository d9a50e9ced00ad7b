/** The real connection: a WebSocket of the platform, or of a package, speaking MessagePack. */

import type { Connection, Connector, Listener } from './ports.ts'
import { SUBPROTOCOL_MSGPACK } from './protocol.ts'

/** Where a server has its streams, for addresses without a path. */
const STREAM_PATH = '/v1/stream'
/** What the platform tells when no close code came. */
const NO_CODE = new Set([1005, 1006])

/** As much of a WebSocket as the SDK needs: that of browsers, of Node, of the package `ws`. */
export interface WebSocketLike {
  binaryType: string
  readonly bufferedAmount: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(data: Uint8Array<ArrayBuffer>): void
  close(code?: number): void
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike

/** Connects to a `ws://` or `wss://` address; throws TypeError for another one. */
export class WebSocketConnector implements Connector {
  readonly #url: string
  readonly #webSocket: WebSocketConstructor

  constructor(url: string, webSocket: WebSocketConstructor = WebSocket as unknown as WebSocketConstructor) {
    const address = new URL(url)
    if (address.protocol !== 'ws:' && address.protocol !== 'wss:') {
      throw new TypeError(`not a ws:// or wss:// address: ${url}`)
    }
    if (address.pathname === '/') address.pathname = STREAM_PATH
    this.#url = address.href
    this.#webSocket = webSocket
  }

  connect(listener: Listener): Connection {
    const socket = new this.#webSocket(this.#url, [SUBPROTOCOL_MSGPACK])
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => listener.opened()
    socket.onmessage = ({ data }: { data: ArrayBuffer | string }) => listener.received(bytesOf(data))
    socket.onerror = () => undefined // its close follows
    socket.onclose = ({ code }: { code: number }) => listener.closed(NO_CODE.has(code) ? null : code)
    return {
      get queuedBytes() {
        return socket.bufferedAmount
      },
      send: (data) => socket.send(data),
      close: () => {
        socket.onopen = socket.onmessage = socket.onclose = null
        socket.close(1000)
      },
    }
  }
}

/** A text message isn't ours; its bytes are judged like any other message. */
function bytesOf(data: ArrayBuffer | string): Uint8Array {
  return typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data)
}

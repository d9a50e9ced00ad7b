/** Something happened: wakes whoever waits for it. */
export class Notifier {
  #wake: () => void = () => undefined
  #next: Promise<void> | null = null

  /** Resolves at the next `pass`. */
  passed(): Promise<void> {
    this.#next ??= new Promise((resolve) => {
      this.#wake = resolve
    })
    return this.#next
  }

  pass(): void {
    this.#next = null
    this.#wake()
  }
}

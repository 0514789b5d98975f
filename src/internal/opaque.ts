// The base class of objects that frameworks must not wrap in proxies.

/**
 * The base of classes whose instances applications keep in their state. Private fields cannot be read behind a proxy, and Vue's `ref` and
 * `reactive` wrap every object whose tag is `Object`. A tag of its own keeps an instance unwrapped, and names it in consoles.
 */
export abstract class Opaque {
  get [Symbol.toStringTag](): string {
    return this.constructor.name
  }
}

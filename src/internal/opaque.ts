/**
 * Base of the classes that applications keep in their state. Their private fields cannot be read behind a proxy, and Vue's `ref` and `reactive`
 * wrap every object whose tag is `Object`: a tag of their own keeps instances as they are, and names them in consoles.
 */
export abstract class Opaque {
  get [Symbol.toStringTag](): string {
    return this.constructor.name
  }
}

// The steps of JSON pointers (RFC 6901).

/** Writes a member's name as a step of a pointer: `~` and `/` are escaped. */
export function pointerStep(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** Reads the member's name that a step of a pointer stands for. */
export function nameOfStep(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** The query of a request: the options that are set, under the wire's own names. */
export function searchParams(options: object): URLSearchParams {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && value !== '') params.set(name, String(value))
  }
  return params
}

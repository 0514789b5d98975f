// Splits chunks into lines for the floors.

/** Creates a decoder that returns the complete lines of each chunk. */
export function lineReader(): (chunk: Uint8Array) => string[] {
  const decoder = new TextDecoder()
  let rest = ''
  return (chunk) => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    return lines
  }
}

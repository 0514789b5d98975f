// The form of the programs of this folder: the documentation runs them in the page, and the unit tests in Node.

/** A program that prints lines, and returns when it is done. */
export type Example = (print: (line: string) => void) => Promise<void>

import { KubeconfigError } from './error'

/**
 * Parses YAML, and so JSON. What is wrong is told by line and code: the parser's own messages quote the text, which may be a secret.
 *
 * @param file What the text is called in messages.
 * @throws KubeconfigError when it is no YAML, or the package `yaml` is not installed.
 */
export async function parseYaml(text: string, file: string): Promise<unknown> {
  const { LineCounter, parseDocument } = await import('yaml').catch(() => {
    throw new KubeconfigError(`${file} cannot be read without the package yaml, an optional peer dependency: npm install yaml`)
  })
  const lines = new LineCounter()
  const document = parseDocument(text, { prettyErrors: false, merge: true, lineCounter: lines })
  const [error] = document.errors
  if (error) throw new KubeconfigError(`${file}: line ${lines.linePos(error.pos[0]).line} is not YAML (${error.code})`)
  try {
    return document.toJS()
  } catch {
    throw new KubeconfigError(`${file}: an alias (*) of the YAML refers to nothing, or to too much`)
  }
}

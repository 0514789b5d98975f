import { hasBrand, KubeError } from '../errors'
import type { StandardIssue, StandardSchemaV1 } from './standard-schema'

/** A schema refused an object. */
export class SchemaError extends KubeError {
  /** What was wrong, as the schema's library says it. */
  readonly issues: readonly StandardIssue[]

  constructor(issues: readonly StandardIssue[]) {
    super(`the object does not fit its schema: ${issues.map(describe).join('; ')}`)
    this.issues = issues
  }
  override get '~kubeflect'(): readonly string[] {
    return ['SchemaError', 'KubeError']
  }
}

/** Whether an error says that an object does not fit its schema. */
export const isSchemaError = (error: unknown): error is SchemaError => hasBrand(error, 'SchemaError')

/**
 * Checks a value against a schema. What the schema makes of the value is not used: the user gets what the server sent.
 *
 * @throws SchemaError when the schema refuses it; TypeError when the schema is asynchronous.
 */
export function checkSchema(schema: StandardSchemaV1 | undefined, value: unknown): void {
  const result = schema?.['~standard'].validate(value)
  if (result === undefined) return
  if (result instanceof Promise)
    throw new TypeError('the schema is asynchronous: objects are checked synchronously, in the order of the wire')
  if (result.issues) throw new SchemaError(result.issues)
}

function describe({ path, message }: StandardIssue): string {
  const where = path?.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  return where ? `${where}: ${message}` : message
}

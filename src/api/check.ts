// Validates objects against the Standard Schema of their resource.

import { hasBrand, KubeError } from './errors'
import type { StandardIssue, StandardSchemaV1 } from './standard-schema'

/** Thrown when an object does not satisfy the schema of its resource. */
export class SchemaError extends KubeError {
  /** The issues, as reported by the schema library. */
  readonly issues: readonly StandardIssue[]

  constructor(issues: readonly StandardIssue[]) {
    super(`the object does not match its schema: ${issues.map(describe).join('; ')}`)
    this.issues = issues
  }
  override get '~kubeflect'(): readonly string[] {
    return ['SchemaError', 'KubeError']
  }
}

/** Whether an error says that an object does not fit its schema. */
export const isSchemaError = (error: unknown): error is SchemaError => hasBrand(error, 'SchemaError')

/**
 * Checks a value against a schema. The schema's output is discarded: the caller receives the object as the server sent it.
 *
 * @throws SchemaError when the schema rejects the value; TypeError when the schema is asynchronous.
 */
export function checkSchema(schema: StandardSchemaV1 | undefined, value: unknown): void {
  const result = schema?.['~standard'].validate(value)
  if (result === undefined) return
  if (result instanceof Promise)
    throw new TypeError('the schema is asynchronous: objects are validated synchronously, so use a synchronous one')
  if (result.issues) throw new SchemaError(result.issues)
}

function describe({ path, message }: StandardIssue): string {
  const where = path?.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  return where ? `${where}: ${message}` : message
}

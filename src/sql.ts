// The entry `kubeflect/sql`: persistence in SQLite and Durable Objects.

export {
  type DurableObjectSqlStorage,
  durableObjectDatabase,
  type SqlDatabase,
  type SqliteConnection,
  type SqlValue,
  sqliteDatabase,
} from './persistence/sql/database'
export { sqlPersister } from './persistence/sql/sql-persister'

import { type SqliteConnection, sqliteDatabase, sqlPersister } from 'kubeflect/sql'
import type { MakeStorage } from '../stage.ts'

/** A storage that is a file of SQLite; each persister has a connection of its own. */
export function sqliteStorage(makePath: () => string, connect: (file: string) => SqliteConnection & { close(): void }): MakeStorage {
  return async () => {
    const file = makePath()
    const connections: { close(): void }[] = []
    return {
      open() {
        const connection = connect(file)
        connections.push(connection)
        return sqlPersister(sqliteDatabase(connection))
      },
      close() {
        for (const connection of connections) connection.close()
      },
    }
  }
}

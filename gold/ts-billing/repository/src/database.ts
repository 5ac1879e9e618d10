export type Row = Readonly<Record<string, string | number | null>>

/** What we need of a database client; `$1` stands for the first parameter. */
export interface Database {
  query(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>
}

export const text = (row: Row, column: string): string => String(row[column] ?? '')
export const number = (row: Row, column: string): number => Number(row[column] ?? 0)

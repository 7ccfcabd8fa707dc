/** The members of a `DynamoDB` client of the package `@aws-sdk/client-dynamodb` that the store uses. */
export interface DynamodbClient {
  getItem(input: object, options: CallOptions): Promise<{ readonly Item?: Attributes | undefined }>
  putItem(input: object, options: CallOptions): Promise<unknown>
  updateItem(input: object, options: CallOptions): Promise<unknown>
  deleteItem(input: object, options: CallOptions): Promise<unknown>
  batchGetItem(input: object, options: CallOptions): Promise<BatchOfItems>
  batchWriteItem(input: object, options: CallOptions): Promise<{ readonly UnprocessedItems?: Unprocessed | undefined }>
  scan(input: object, options: CallOptions): Promise<Page>
  describeTable(
    input: { TableName: string },
    options: CallOptions
  ): Promise<{ readonly Table?: TableDescription | undefined }>
  createTable(input: object, options: CallOptions): Promise<unknown>
  describeTimeToLive(
    input: { TableName: string },
    options: CallOptions
  ): Promise<{ readonly TimeToLiveDescription?: TimeToLive | undefined }>
  updateTimeToLive(input: object, options: CallOptions): Promise<unknown>
  readonly config?: {
    endpoint?: (() => Promise<object>) | undefined
    region?(): Promise<string>
  }
}

export interface CallOptions {
  abortSignal: AbortSignal
}

/** An item, or a part of it, in DynamoDB's JSON: numbers are strings of digits. */
export type Attributes = Readonly<Record<string, Attribute>>

export interface Attribute {
  readonly S?: string | undefined
  readonly N?: string | undefined
}

export interface TableDescription {
  readonly TableStatus?: string | undefined
  readonly KeySchema?: readonly { readonly AttributeName?: string | undefined }[] | undefined
}

export interface TimeToLive {
  readonly TimeToLiveStatus?: string | undefined
  readonly AttributeName?: string | undefined
}

interface BatchOfItems {
  readonly Responses?: Readonly<Record<string, readonly Attributes[]>> | undefined
  readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys?: readonly Attributes[] | undefined }>> | undefined
}

interface Page {
  readonly Items?: readonly Attributes[] | undefined
  readonly LastEvaluatedKey?: Attributes | undefined
}

type Unprocessed = Readonly<Record<string, readonly unknown[]>>

/** Whether an error has the name that the service gives it. */
export function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name
}

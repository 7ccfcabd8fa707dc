/** Asks for at most `most` items at a time, one slice after the other, because every engine has a limit. */
export async function inSlices<Item, Answer>(
  items: readonly Item[],
  most: number,
  ask: (items: readonly Item[]) => Promise<readonly Answer[]>
): Promise<readonly Answer[]> {
  if (items.length > 0 && items.length <= most) return ask(items)
  const answers: Answer[] = []
  for (let at = 0; at < items.length; at += most) answers.push(...(await ask(items.slice(at, at + most))))
  return answers
}

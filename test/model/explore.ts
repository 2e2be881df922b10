/** What can happen next: its name, and the state that it leads to. */
export interface Step<State> {
  readonly does: string;
  readonly to: State;
}

export interface Model<State> {
  readonly initial: State;
  /** Everything that can happen in a state. */
  next(state: State): readonly Step<State>[];
  /** What is wrong with a state, or with its being the last one. */
  wrong(state: State, isLast: boolean): string | undefined;
}

export interface Exploration<State> {
  readonly states: number;
  readonly steps: number;
  /** States in which nothing can happen any more. */
  readonly ends: readonly number[];
  /** The first thing that is wrong, by the fewest steps. */
  readonly wrong: string | undefined;
  readonly wrongPath: readonly string[];
  stateOf(number: number): State;
  /** What happens on a shortest way to a state. */
  pathTo(number: number): string[];
}

/**
 * Goes through all states of a model, breadth first. Besides what the model finds wrong itself, a run must end: a state that can be
 * reached from itself is wrong.
 */
export function explore<State>(
  model: Model<State>,
  maxStates = Number.POSITIVE_INFINITY,
): Exploration<State> {
  const keys: string[] = [JSON.stringify(model.initial)];
  const numbers = new Map([[keys[0]!, 0]]);
  const [from, does] = [[-1], [""]];
  const edges: [from: number[], to: number[]] = [[], []];
  const ends: number[] = [];
  let wrong: string | undefined;
  let wrongAt = 0;
  const stateOf = (number: number) => JSON.parse(keys[number]!) as State;
  for (let number = 0; number < keys.length && wrong === undefined; number++) {
    if (keys.length > maxStates) throw new Error(`more than ${maxStates} states`);
    const state = stateOf(number);
    const steps = model.next(state);
    wrong = model.wrong(state, steps.length === 0);
    if (wrong !== undefined) wrongAt = number;
    if (steps.length === 0) ends.push(number);
    for (const step of steps) {
      const key = JSON.stringify(step.to);
      let to = numbers.get(key);
      if (to === undefined) {
        to = keys.push(key) - 1;
        numbers.set(key, to);
        from.push(number);
        does.push(step.does);
      }
      edges[0].push(number);
      edges[1].push(to);
    }
  }
  const pathTo = (number: number) => {
    const path: string[] = [];
    for (let at = number; at > 0; at = from[at]!) path.unshift(does[at]!);
    return path;
  };
  if (wrong === undefined && hasCycle(keys.length, edges)) wrong = "a run can go on for ever";
  const found = { states: keys.length, steps: edges[0].length, ends, wrong, stateOf, pathTo };
  return { ...found, wrongPath: wrong === undefined ? [] : pathTo(wrongAt) };
}

/** Whether not all states can be taken away one by one, each once nothing leads to it any more. */
function hasCycle(count: number, [from, to]: readonly [readonly number[], readonly number[]]): boolean {
  const incoming = new Int32Array(count);
  for (const target of to) incoming[target]!++;
  const first = new Int32Array(count + 1);
  for (const source of from) first[source + 1]!++;
  for (let i = 0; i < count; i++) first[i + 1]! += first[i]!;
  const free = [...incoming.keys()].filter((state) => incoming[state] === 0);
  let taken = 0;
  // States are expanded in the order of their numbers, so the edges of each lie together.
  for (let state = free.pop(); state !== undefined; state = free.pop()) {
    taken++;
    for (let edge = first[state]!; edge < first[state + 1]!; edge++) {
      const target = to[edge]!;
      if (--incoming[target]! === 0) free.push(target);
    }
  }
  return taken < count;
}

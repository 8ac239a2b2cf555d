import {
  ANYTHING,
  either,
  elementOf,
  listOf,
  ofFields,
  ofSchema,
  ofTypes,
  typesOf,
  type Shape,
} from '../schema/shape';
import { ARRAY, BOOLEAN, INTEGER, NULL, STRING } from '../schema/types';
import { compilePath } from '../expression/path';
import { recordAt, type ReadStep, type ReadWorkflow } from './reading';

const text = ofTypes(STRING);
const textOrNull = ofTypes(STRING | NULL);
const count = ofTypes(INTEGER);
const orNull = (shape: Shape): Shape => either([shape, ofTypes(NULL)]);
const fields = (given: Readonly<Record<string, Shape>>): Shape => ofFields(new Map(Object.entries(given)));

const ERROR = orNull(fields({ code: text, message: text, retryable: ofTypes(BOOLEAN) }));
const APPROVED = fields({ approved: ofTypes(BOOLEAN), by: textOrNull, note: textOrNull, at: textOrNull });
const COUNTS = fields({ total: count, succeeded: count, failed: count });

/** What is known of the context of the expressions of a workflow: `RunContext`, and the schemas that are given. */
export class ContextShapes {
  private readonly run: Shape;
  private readonly steps: Shape;
  private readonly context: Shape;
  private readonly known = new Map<string, Shape>();

  constructor(private readonly workflow: ReadWorkflow) {
    const input = ofSchema(workflow.inputSchema);
    this.run = fields({ id: text, name: textOrNull, input });
    this.steps = { kind: 'fields', field: (id) => this.step(id) };
    this.context = fields({ run: this.run, steps: this.steps });
  }

  /** What the conditions and paths of a step see. */
  of({ fields: step }: ReadStep): Shape {
    if (step['map'] === undefined) return this.context;
    const item = itemOf(recordAt(step, 'map')?.['over'], this.context);
    return fields({ run: this.run, steps: this.steps, item, index: count });
  }

  /** Of steps that do not exist something else is said. */
  private step(id: string): Shape {
    let shape = this.known.get(id);
    if (shape === undefined) {
      const step = this.workflow.byId.get(id);
      shape = step === undefined ? ANYTHING : stepShape(step);
      this.known.set(id, shape);
    }
    return shape;
  }
}

function itemOf(over: unknown, context: Shape): Shape {
  const compiled = typeof over === 'string' ? compilePath(over) : undefined;
  if (compiled?.ok !== true || !compiled.path.singular) return ANYTHING;
  const list = compiled.path.shapeIn(context);
  return (typesOf(list) & ARRAY) === 0 ? ANYTHING : elementOf(list);
}

function stepShape(step: ReadStep): Shape {
  return fields({ state: text, output: orNull(outputOf(step)), error: ERROR });
}

/** The schemas of a step that is mapped are those of one item. */
function outputOf({ fields: step }: ReadStep): Shape {
  const given = ofSchema(recordAt(step, 'schemas')?.['output']);
  const map = recordAt(step, 'map');
  if (map !== undefined) return map['collect'] === false ? COUNTS : listOf(orNull(given));
  return step['approval'] === undefined ? given : APPROVED;
}

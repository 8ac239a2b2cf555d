import { LIMITS } from '@multiswarm/contracts';
import { fieldsOf, isFields } from '../imported';
import { toStepId } from '../step-ids';
import { argumentsOf, ownScope } from './arguments';
import { conditionCel } from './condition';
import { controlOf } from './control';
import { Frame, type StepFacts } from './frame';
import { graphOf, type ArgoGraph, type ArgoTask } from './graph';
import { Joins, NOTHING_BEFORE } from './joins';
import { leafOf, workOf } from './leaf';
import { loopOf, type Loop } from './loop';
import { finished, gateOf, insideFields, type Inside, type Made, type Run } from './made';
import { templateOf, type Library, type Template } from './manifest';
import { outputsOf } from './outputs';
import { timeoutOf } from './policies';
import type { Place, Problems } from './problems';
import { wholeNumber } from './quantities';
import { itemScope, resolveText, within, type Scope } from './scope';
import { tellHooks, tellUnsupported } from './unsupported';

/** The type of the tasks of a DAG that says nothing of what they do. */
const BARE_TYPE = 'task';

export class Compiler {
  private steps = 0;
  /** Templates on the way to the present one. */
  private readonly path: string[] = [];

  constructor(
    private readonly libraries: readonly Library[],
    private readonly problems: Problems,
  ) {}

  /** The workflow itself. @param given what the inputs of its first template stand for */
  root(template: Template, frame: Frame, given: Scope): Run {
    if (isRun(template)) return this.run(template, frame, given).run;
    return { tasks: [this.step(template, template.name, frame, given)], dependencies: {} };
  }

  /** All of a template as one step. */
  step(template: Template, name: string, frame: Frame, given: Scope): object {
    const { place } = template;
    const task = { name, fields: { name }, place, depends: undefined, continuesOnFailure: false };
    return finished(name, this.used(template, task, frame, given, given), NOTHING_BEFORE);
  }

  /** A step that stands for all of a template. @param scope of what it is given */
  private used(template: Template, task: ArgoTask, frame: Frame, scope: Scope, given: Scope): Made {
    const { problems } = this;
    const { fields, place } = template;
    const id = toStepId(task.name);
    const facts: StepFacts = { id, isMap: false, inside: undefined, outputs: undefined };
    const made = { facts, loop: undefined, when: undefined, inputs: {} };
    this.count(place);
    tellUnsupported(fields, place, isRun(template), problems);
    const control = isFields(fields['suspend']) || fields['suspend'] === null ? fields['suspend'] : undefined;
    if (control !== undefined)
      return {
        ...made,
        fields: controlOf(fieldsOf(control), fields, place, within(given, frame.scope), problems),
      };
    if (isRun(template)) {
      const inside = this.inside(template, given, frame, scope);
      if (fields['retryStrategy'] !== undefined)
        problems.lost(
          [...place, 'retryStrategy'],
          'retry-of-many',
          'retries of all that is inside: only steps are retried; give each template in it a retryStrategy',
        );
      return {
        ...made,
        fields: insideFields(inside),
        inputs: Object.fromEntries(inside.frame.handover.paths),
        facts: { ...facts, outputs: inside.outputs },
      };
    }
    const kind = workOf(fields);
    if (kind === undefined) {
      problems.wrong(place, 'no-work', `the template "${template.name}" says nothing of what is to be done`);
      return { ...made, fields: {} };
    }
    const self: Scope = (variable) => (SELF.has(variable) ? [task.name] : undefined);
    const leaf = leafOf(fields, kind, place, within(given, ownScope(fields), self, frame.scope), problems);
    return { ...made, fields: leaf.fields, inputs: leaf.inputs };
  }

  private inside(template: Template, given: Scope, around: Frame, scope: Scope): Inside {
    const frame = new Frame(within(scope, around.scope), () => undefined);
    // What the run around knows, this one finds in its input.
    const handed: Scope = (variable) => {
      const outside = given(variable);
      return outside && frame.handover.text(variable, outside);
    };
    return { ...this.run(template, frame, handed), frame };
  }

  private run(template: Template, frame: Frame, given: Scope): Omit<Inside, 'frame'> {
    const { problems } = this;
    const { fields, place } = template;
    const key = `${template.library.name ?? ''}/${template.name}`;
    if (this.path.includes(key)) {
      const way = [...this.path.slice(this.path.indexOf(key)), key]
        .map((one) => one.split('/')[1])
        .join(' -> ');
      problems.wrong(
        place,
        'recursive-template',
        `a template inside itself (${way}): how deep it goes must be known before`,
      );
      return { run: { tasks: [], dependencies: {} }, outputs: new Map() };
    }
    this.path.push(key);
    const scope = within(given, ownScope(fields), frame.scope);
    const graph = graphOf(template, scope, problems);
    const made = new Map<string, Made>();
    for (const task of graph.tasks) {
      const one = this.task(task, template, frame, scope);
      frame.steps.set(task.name, one.facts);
      made.set(task.name, one);
    }
    this.path.pop();
    const joins = new Joins(
      graph.tasks.map((task) => gateOf(task, made)),
      problems,
    );
    const run: Run = { tasks: [], dependencies: {}, ...this.bounds(template, graph, joins, scope) };
    for (const { name, place: at } of graph.tasks) {
      const one = made.get(name);
      if (!one) continue;
      const joined = joins.of(name);
      run.tasks.push(finished(name, one, joined));
      if (joined.dependsOn.length > 0) run.dependencies[one.facts.id] = joined.dependsOn.map(toStepId);
      if (one.loop && !joined.runsAll) this.tellLoop(at);
    }
    return { run, outputs: outputsOf(template, frame, graph.tasks) };
  }

  private bounds(template: Template, graph: ArgoGraph, joins: Joins, scope: Scope): Partial<Run> {
    const { fields } = template;
    const place = template.library.isBare ? template.place : [...template.place, 'dag'];
    const parallelism = wholeNumber(fields['parallelism']);
    const timeoutMs = timeoutOf(fields, template.place, this.problems, scope);
    const bounds = {
      ...(parallelism === undefined ? {} : { concurrency: parallelism }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
    if (!graph.failsFast || !graph.isParallel) return bounds;
    if (joins.asksForFailures) {
      this.problems.differs(
        place,
        'fail-fast',
        'failFast: other branches go on when a task has failed, because tasks ask for failures',
      );
      return bounds;
    }
    this.problems.differs(
      place,
      'fail-fast',
      'failFast: when a task fails, those under way are cancelled; Argo lets them end and begins no other',
    );
    return { ...bounds, onFailure: 'stop' };
  }

  private task(task: ArgoTask, around: Template, frame: Frame, scope: Scope): Made {
    const { problems } = this;
    const { fields, place } = task;
    const loop = loopOf(task, scope, frame, problems);
    const own = loop ? within(itemScope, scope) : scope;
    const when = this.conditionOf(task, own);
    if (loop && when !== undefined && when.readsItem) return this.wrapped(task, around, frame, own, loop);
    tellHooks(fields, place, problems);
    if (around.library.isBare && fields['template'] === undefined && !isFields(fields['inline']))
      return {
        ...bareStep(task),
        loop,
        when: when?.cel,
        facts: { ...bareStep(task).facts, isMap: loop !== undefined },
      };
    const template = templateOf(fields, place, around.library, this.libraries, problems);
    const id = toStepId(task.name);
    const nothing = { id, isMap: false, inside: undefined, outputs: undefined };
    if (!template) return { fields: {}, inputs: {}, facts: nothing, loop, when: when?.cel };
    const given = argumentsOf(template, fields, place, own, problems);
    const made = this.used(template, task, frame, own, given);
    return { ...made, facts: { ...made.facts, isMap: loop !== undefined }, loop, when: when?.cel };
  }

  /** A condition on the item: each item is a run of its own around one step that has it. */
  private wrapped(task: ArgoTask, around: Template, frame: Frame, scope: Scope, loop: Loop): Made {
    const { withItems: _items, withParam: _param, withSequence: _sequence, ...fields } = task.fields;
    const inner = new Frame(within(scope, frame.scope), () => undefined);
    const handed: Scope = (variable) => {
      if (variable.startsWith('workflow.')) return undefined;
      const outside = scope(variable);
      return outside && inner.handover.text(variable, outside);
    };
    const single = { ...task, fields, depends: undefined };
    const made = this.task(single, around, inner, within(handed, inner.scope));
    const run: Run = {
      tasks: [finished(task.name, made, NOTHING_BEFORE)],
      dependencies: {},
    };
    return {
      fields: insideFields({ run, frame: inner, outputs: new Map() }),
      inputs: Object.fromEntries(inner.handover.paths),
      facts: { ...made.facts, isMap: true, inside: made.facts.id },
      loop,
      when: undefined,
    };
  }

  private conditionOf(
    { fields, place }: ArgoTask,
    scope: Scope,
  ): { cel: string; readsItem: boolean } | undefined {
    const { when } = fields;
    const given = typeof when === 'boolean' ? String(when) : when;
    if (typeof given !== 'string' || given.trim() === '') return undefined;
    const at = [...place, 'when'];
    if (/\{\{\s*=/.test(given)) {
      this.problems.lost(
        at,
        'expression-tag',
        `${given}: conditions with {{=…}} have to be written anew, as when in CEL`,
      );
      return undefined;
    }
    const text = resolveText(given, scope, at, this.problems);
    try {
      return { cel: conditionCel(text), readsItem: /\{\{\s*item\b/.test(given) };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.problems.lost(at, 'bad-condition', `"${given}": ${error.message}`);
      return undefined;
    }
  }

  private count(place: Place): void {
    this.steps += 1;
    if (this.steps > LIMITS.WORKFLOW_STEPS)
      this.problems.wrong(
        place,
        'too-many-steps',
        `more than ${LIMITS.WORKFLOW_STEPS} steps (WORKFLOW_STEPS)`,
      );
  }

  private tellLoop(place: Place): void {
    this.problems.differs(
      place,
      'loop-failure',
      'when an item fails no other begins, and those under way are cancelled; Argo runs all of them first',
    );
  }
}

const SELF = new Set(['steps.name', 'tasks.name']);

function bareStep({ name }: ArgoTask): Made {
  return {
    fields: { type: BARE_TYPE, input: { name }, retry: { maxAttempts: 1 } },
    inputs: {},
    facts: { id: toStepId(name), isMap: false, inside: undefined, outputs: undefined },
    loop: undefined,
    when: undefined,
  };
}

function isRun({ fields }: Pick<Template, 'fields'>): boolean {
  return isFields(fields['dag']) || Array.isArray(fields['steps']);
}

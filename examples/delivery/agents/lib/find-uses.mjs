/**
 * Where deprecated APIs are used, found by what names mean and not by how they look: through namespaces, destructured
 * and renamed requires, aliases, imports and globals; never in texts, comments or through a name that is shadowed.
 */
import { full } from 'acorn-walk';
import { DEPRECATED_APIS } from './deprecated-apis.mjs';
import { requiredModule } from './modules.mjs';
import { propertyName } from './source.mjs';

/**
 * A local name for a module or for one of its members.
 * @typedef {object} Binding
 * @property {any} variable of the scope analysis
 * @property {any} holder the declarator or import declaration
 * @property {any} part the property of the pattern, the import specifier, or the declarator itself
 * @property {string} module
 * @property {string | undefined} member
 * @property {Binding | undefined} from the binding that this one is an alias of
 * @property {any} origin the expression that the value comes from
 */

/**
 * @typedef {object} Use
 * @property {import('./deprecated-apis.mjs').DeprecatedApi} api
 * @property {any} node what stands for the API: `url.parse`, `parse`, `text.substr`
 * @property {any} expression the whole use, e.g. the call
 * @property {'call' | 'new' | 'promisified' | 'reference'} form
 * @property {string} via
 * @property {Binding | undefined} binding
 */

/**
 * @param {import('./source.mjs').Source} source
 * @param {string[]} wanted ids of deprecated APIs
 * @returns {{ uses: Use[], bindings: Binding[], notes: { node: any, text: string }[] }} in the order of the text
 */
export function findUses(source, wanted) {
  const finder = new Finder(
    source,
    DEPRECATED_APIS.filter(({ id }) => wanted.includes(id)),
  );
  finder.requires();
  finder.imports();
  finder.globals();
  finder.methods();
  finder.uses.sort((a, b) => a.node.end - b.node.end || a.node.start - b.node.start);
  return { uses: finder.uses, bindings: finder.bindings, notes: finder.notes };
}

class Finder {
  constructor(source, apis) {
    this.source = source;
    this.apis = apis;
    this.modules = new Set(apis.map(({ module }) => module).filter(Boolean));
    this.uses = [];
    this.bindings = [];
    this.notes = [];
  }

  requires() {
    full(this.source.ast, (node) => {
      const module = requiredModule(this.source, node);
      if (this.modules.has(module)) this.follow(node, { module, via: 'inline require' });
    });
  }

  imports() {
    for (const node of this.source.ast.body) {
      const module =
        node.type === 'ImportDeclaration' ? String(node.source.value).replace(/^node:/, '') : undefined;
      if (!this.modules.has(module)) continue;
      for (const part of node.specifiers) {
        const member =
          part.type === 'ImportSpecifier' ? (part.imported.name ?? part.imported.value) : undefined;
        this.bind(part.local, { holder: node, part, module, member, via: 'import', origin: node });
      }
    }
  }

  globals() {
    for (const { identifier } of this.source.scopes.globalScope.through) {
      if (identifier.name === 'Buffer')
        this.follow(identifier, { module: 'buffer', member: 'Buffer', via: 'global' });
    }
  }

  methods() {
    const methods = new Map(
      this.apis.filter(({ kind }) => kind === 'method').map((api) => [api.member, api]),
    );
    full(this.source.ast, (node) => {
      const api = node.type === 'MemberExpression' ? methods.get(propertyName(node)) : undefined;
      if (api) this.record(api, node, { via: 'method' });
      if (node.type === 'MethodDefinition' && methods.has(propertyName(node))) {
        this.notes.push({
          node,
          text: `an own method is called ${propertyName(node)}: calls of it look like the deprecated one`,
        });
      }
    });
  }

  /** `node` evaluates to a module, or to a member of one: where does the value go? */
  follow(node, value) {
    const parent = this.source.ancestors(node).at(-1);
    if (parent.type === 'VariableDeclarator' && parent.init === node)
      return this.declare(parent, { ...value, origin: node });
    const isObject = parent.type === 'MemberExpression' && parent.object === node;
    if (value.member === undefined && isObject && propertyName(parent) !== undefined) {
      return this.follow(parent, { ...value, member: propertyName(parent) });
    }
    if (value.member === undefined) {
      const whole = parent.type !== 'ExpressionStatement';
      if (whole)
        this.notes.push({
          node,
          text: `the module ${value.module} is passed on as a whole: uses behind it are not seen`,
        });
      return undefined;
    }
    const api = this.apiOf(value);
    return api && this.record(api, node, value);
  }

  declare(declarator, value) {
    if (declarator.id.type === 'Identifier') {
      const via = value.member === undefined ? 'namespace' : 'alias';
      return this.bind(declarator.id, { ...value, holder: declarator, part: declarator, via });
    }
    if (declarator.id.type !== 'ObjectPattern' || value.member !== undefined) return undefined;
    for (const part of declarator.id.properties) {
      const member = part.type === 'Property' ? propertyName(part) : undefined;
      const local = part.value?.type === 'AssignmentPattern' ? part.value.left : part.value;
      if (member === undefined)
        this.notes.push({
          node: part,
          text: `the rest of ${value.module} is taken: uses behind it are not seen`,
        });
      else if (local.type === 'Identifier') {
        const via = local.name === member ? 'destructured' : 'destructured and renamed';
        this.bind(local, { ...value, holder: declarator, part, member, via });
      }
    }
    return undefined;
  }

  bind(identifier, value) {
    if (value.member !== undefined && !this.apiOf(value)) return;
    const variable = this.source.scopes
      .getDeclaredVariables(value.part.type.startsWith('Import') ? value.part : value.holder)
      .find(({ name }) => name === identifier.name);
    const { holder, part, module, member, binding: from, origin } = value;
    const binding = { variable, holder, part, module, member, from, origin };
    this.bindings.push(binding);
    const exported = this.source.ancestors(holder).at(-2)?.type === 'ExportNamedDeclaration';
    if (exported && member !== undefined)
      this.record(this.apiOf({ module, member }), value.part.value ?? origin, { via: value.via });
    for (const reference of variable.references) {
      if (reference.isRead()) this.follow(reference.identifier, { module, member, via: value.via, binding });
      else if (!reference.init) {
        this.notes.push({
          node: reference.identifier,
          text: `${identifier.name} is assigned again: later uses may mean something else`,
        });
      }
    }
  }

  apiOf({ module, member }) {
    return this.apis.find((api) => api.module === module && api.member === member);
  }

  record(api, node, { via, binding }) {
    const parent = this.source.ancestors(node).at(-1);
    const callee =
      (parent.type === 'CallExpression' || parent.type === 'NewExpression') && parent.callee === node;
    if (api.kind === 'buffer' && !callee) return;
    const form = callee
      ? parent.type === 'NewExpression'
        ? 'new'
        : 'call'
      : isPromisified(parent, node)
        ? 'promisified'
        : 'reference';
    this.uses.push({ api, node, expression: form === 'reference' ? node : parent, form, via, binding });
  }
}

function isPromisified(parent, node) {
  if (parent.type !== 'CallExpression' || parent.arguments[0] !== node) return false;
  const { callee } = parent;
  return (
    callee.name === 'promisify' ||
    (callee.type === 'MemberExpression' && propertyName(callee) === 'promisify')
  );
}

/** What a use looks like on paper: JSON, with places that count from 1. A method is placed at its name. */
export function describeUse(source, use, id) {
  const { start: whole, end } = use.expression;
  const start = use.via === 'method' ? use.node.property.start : whole;
  const text = source.text.slice(start, end);
  return {
    id,
    api: use.api.id,
    file: source.file,
    ...source.place(start),
    start,
    end,
    form: use.form,
    via: use.via,
    multiline: text.includes('\n'),
    code: (use.via === 'method' && !use.node.computed ? `….${text}` : text).replace(/\s+/g, ' ').slice(0, 80),
  };
}

import { parse, type AnyNode } from 'acorn';
import { fullAncestor } from 'acorn-walk';

export interface FunctionComplexity {
  name: string;
  line: number;
  /** Independent paths through the function: McCabe, "A Complexity Measure", 1976. 1 where nothing branches. */
  complexity: number;
}

/**
 * The cyclomatic complexity of every function of a JavaScript source, the most complex first. Counted as the rule
 * `complexity` of ESLint counts it; a nested function counts for itself.
 */
export function measureComplexity(source: string): FunctionComplexity[] {
  const functions = new Map<AnyNode, FunctionComplexity>();
  const branches = new Map<AnyNode, number>();
  const seen = new Set<AnyNode>();
  fullAncestor(parseSource(source), (node, _state, path) => {
    if (seen.has(node)) return;
    seen.add(node);
    if (isFunction(node)) {
      const line = node.loc?.start.line ?? 0;
      functions.set(node, { name: nameOf(node, path.at(-2)), line, complexity: 1 });
    }
    if (!isBranch(node)) return;
    const owner = path.slice(0, -1).findLast(ownsBranches);
    if (owner) branches.set(owner, (branches.get(owner) ?? 0) + 1);
  });
  return [...functions]
    .map(([node, found]) => ({ ...found, complexity: 1 + (branches.get(node) ?? 0) }))
    .sort((a, b) => b.complexity - a.complexity || a.line - b.line);
}

const OPTIONS = { ecmaVersion: 'latest', locations: true, allowHashBang: true } as const;

function parseSource(source: string): AnyNode {
  try {
    return parse(source, { ...OPTIONS, sourceType: 'module' });
  } catch {
    return parse(source, { ...OPTIONS, sourceType: 'commonjs' });
  }
}

function isFunction(node: AnyNode): boolean {
  return ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].includes(node.type);
}

/** What stands in the initial value of a field or in a static block belongs to no function. */
function ownsBranches(node: AnyNode): boolean {
  return isFunction(node) || node.type === 'PropertyDefinition' || node.type === 'StaticBlock';
}

function isBranch(node: AnyNode): boolean {
  switch (node.type) {
    case 'CatchClause':
    case 'IfStatement':
    case 'ConditionalExpression':
    case 'LogicalExpression':
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
    case 'AssignmentPattern':
      return true;
    case 'SwitchCase':
      return node.test !== null && node.test !== undefined;
    case 'AssignmentExpression':
      return ['&&=', '||=', '??='].includes(node.operator);
    case 'MemberExpression':
    case 'CallExpression':
      return node.optional;
    default:
      return false;
  }
}

function nameOf(node: AnyNode, parent: AnyNode | undefined): string {
  if ('id' in node && node.id?.type === 'Identifier') return node.id.name;
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier') return parent.id.name;
  if (parent && (parent.type === 'MethodDefinition' || parent.type === 'Property')) {
    if (parent.key.type === 'Identifier') return parent.key.name;
  }
  return '(anonymous)';
}

import type { Architecture, Files, Route, Service, Solution } from './documents';

const PYTHON_TYPES = { text: 'str', number: 'float' } as const;

/** Writes a FastAPI program for each service, and what it needs to run. */
export function implementSolution(architecture: Architecture): Solution {
  const files: Files = {
    'requirements.txt': 'fastapi>=0.110\nuvicorn>=0.29\nhttpx>=0.27\n',
    'README.md': readme(architecture),
  };
  for (const service of architecture.services) files[`${service.name}/main.py`] = program(service);
  return { architecture, files };
}

function readme({ title, services }: Architecture): string {
  const rows = services.map(({ name, port, calls }) => {
    const asked = calls.map((call) => call.service).join(', ') || '-';
    return `| ${name} | ${port} | ${asked} | \`uvicorn --app-dir ${name} main:app --port ${port}\` |`;
  });
  return [`# ${title}`, '', '| service | port | calls | start |', '|---|---|---|---|', ...rows, ''].join(
    '\n',
  );
}

function program(service: Service): string {
  return [
    head(service),
    model(service),
    lookups(service),
    ...service.routes.map((route) => handler(service, route)),
  ]
    .filter((part) => part !== '')
    .join('\n\n\n')
    .concat('\n');
}

function head({ name, calls }: Service): string {
  const imports = ['import itertools', 'from threading import Lock', ''];
  if (calls.length > 0) imports.unshift('import os');
  if (calls.length > 0) imports.push('import httpx');
  imports.push('from fastapi import FastAPI, HTTPException', 'from pydantic import BaseModel', '');
  return [
    ...imports,
    `app = FastAPI(title="${name}")`,
    'store = {}',
    'ids = itertools.count(1)',
    'lock = Lock()',
  ].join('\n');
}

function model({ thing, calls }: Service): string {
  const own = thing.fields.map(({ name, kind }) => `    ${name}: ${PYTHON_TYPES[kind]}`);
  const references = calls.map((call) => `    ${call.thing}_id: int`);
  return [`class ${className(thing.name)}(BaseModel):`, ...own, ...references].join('\n');
}

/** Asks the other services; what they do not have cannot be referred to. */
function lookups({ thing, calls }: Service): string {
  if (calls.length === 0) return '';
  const checks = calls.flatMap(({ service, thing: other }) => [
    `    base = os.environ.get("${service.toUpperCase()}_URL", "http://${service}")`,
    `    if httpx.get(f"{base}/${service}/{given.${other}_id}").status_code == 404:`,
    `        raise HTTPException(422, f"there is no ${other} {given.${other}_id}")`,
  ]);
  return [`def check_references(given: ${className(thing.name)}) -> None:`, ...checks].join('\n');
}

function handler({ thing, calls }: Service, { operation, method, path, handler: name }: Route): string {
  const type = className(thing.name);
  const check = calls.length > 0 ? ['    check_references(given)'] : [];
  const known = [
    '        if id not in store:',
    `            raise HTTPException(404, f"there is no ${thing.name} {id}")`,
  ];
  const saved = (key: string): string[] => [
    `        store[${key}] = {"id": ${key}, **given.model_dump()}`,
    `        return store[${key}]`,
  ];
  const bodies = {
    add: [
      `def ${name}(given: ${type}):`,
      ...check,
      '    with lock:',
      '        id = next(ids)',
      ...saved('id'),
    ],
    list: [`def ${name}():`, '    with lock:', '        return list(store.values())'],
    read: [`def ${name}(id: int):`, '    with lock:', ...known, '        return store[id]'],
    change: [`def ${name}(id: int, given: ${type}):`, ...check, '    with lock:', ...known, ...saved('id')],
    remove: [`def ${name}(id: int):`, '    with lock:', ...known, '        return store.pop(id)'],
  };
  const status = operation === 'add' ? ', status_code=201' : '';
  return [`@app.${method.toLowerCase()}("${path}"${status})`, ...bodies[operation]].join('\n');
}

function className(thing: string): string {
  return thing.charAt(0).toUpperCase() + thing.slice(1);
}

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Express, Request, Response } from 'express';
import { contextOf } from './context';

/** The three files of swagger-ui that the page needs, served from the package: no network, no other origin. */
const ASSETS = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
} as const;

const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null });`;

/** swagger-ui sets styles from scripts and draws icons from data URLs; everything else comes from here. */
const CSP = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "object-src 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** `GET /docs`: the API documents as a page. */
export function mountDocs(app: Express, title: string): void {
  const root = dirname(require.resolve('swagger-ui-dist/package.json'));
  send(app, '/docs', 'text/html; charset=utf-8', () => page(title));
  send(app, '/docs/start.js', 'text/javascript; charset=utf-8', () => START);
  for (const [file, type] of Object.entries(ASSETS)) {
    let content: Buffer | undefined;
    send(app, `/docs/${file}`, type, () => (content ??= readFileSync(join(root, file))));
  }
}

function send(app: Express, path: string, type: string, content: () => string | Buffer): void {
  app.get(path, (request: Request, response: Response) => {
    contextOf(request).route = path;
    response.setHeader('content-security-policy', CSP);
    response.writeHead(200, { 'content-type': type, 'cache-control': 'public, max-age=3600' }).end(content());
  });
}

function page(title: string): string {
  const safe = title.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${safe}</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;
}

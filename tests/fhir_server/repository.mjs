// Medplum's MemoryRepository made into a server that one can trust in a test: it validates on write, rolls transactions
// back, finds identifiers through an index, and lets one writer in at a time (unless told to be racy).
import { OperationOutcomeError, Operator, badRequest, conflict, deepClone, validateResource } from '@medplum/core';
import { MemoryRepository } from '@medplum/fhir-router';

export class TestRepository extends MemoryRepository {
  #byIdentifier = new Map(); // "Observation system|value" → Set of ids
  #journal = null; // undo steps of the transaction under way
  #checkReferences;

  constructor({ checkReferences = true } = {}) {
    super();
    this.#checkReferences = checkReferences;
  }

  async createResource(resource) {
    this.#validate(resource);
    await this.#resolve(resource);
    if (resource.id && (await this.#exists(resource.resourceType, resource.id)) && !this.updating) {
      throw new OperationOutcomeError(conflict('exists'));
    }
    const created = await super.createResource(resource);
    this.#index(created);
    this.#journal?.push(async () => this.#forget(created));
    return created;
  }

  async updateResource(resource, options) {
    const before = await this.#exists(resource.resourceType, resource.id);
    if (before) {
      this.#unindex(before);
      this.#journal?.push(async () => this.#restore(before));
    }
    this.updating = true;
    try {
      return await super.updateResource(resource, options);
    } finally {
      this.updating = false;
    }
  }

  async deleteResource(resourceType, id) {
    const before = await this.readResource(resourceType, id);
    this.#unindex(before);
    this.#journal?.push(async () => this.#restore(before));
    return super.deleteResource(resourceType, id);
  }

  async search(request) {
    const [filter] = request.filters ?? [];
    const indexed =
      request.filters?.length === 1 && filter.code === 'identifier' && filter.operator === Operator.EQUALS;
    if (!indexed) {
      return super.search(request);
    }
    const ids = new Set();
    for (const token of filter.value.split(',')) {
      for (const id of this.#byIdentifier.get(`${request.resourceType} ${token}`) ?? []) {
        ids.add(id);
      }
    }
    if (this.racy) {
      await new Promise((resolve) => setTimeout(resolve, 5)); // a window between looking and writing
    }
    const found = [];
    for (const id of ids) {
      found.push({ resource: await this.readResource(request.resourceType, id) });
    }
    const page = found.slice(request.offset ?? 0, (request.offset ?? 0) + (request.count ?? found.length));
    return { resourceType: 'Bundle', type: 'searchset', entry: page.length ? page : undefined, total: found.length };
  }

  async withTransaction(callback) {
    if (this.#journal) {
      return callback(undefined); // a conditional create inside a transaction
    }
    this.#journal = [];
    try {
      return await callback(undefined);
    } catch (error) {
      for (const undo of this.#journal.reverse()) {
        await undo();
      }
      throw error;
    } finally {
      this.#journal = null;
    }
  }

  clear() {
    super.clear();
    this.#byIdentifier.clear();
  }

  #validate(resource) {
    validateResource(deepClone(resource)); // throws an OperationOutcomeError with the issues
  }

  // A literal reference must lead somewhere, as real servers with referential integrity demand.
  async #resolve(resource) {
    if (!this.#checkReferences) {
      return;
    }
    for (const field of ['subject', 'device', 'patient']) {
      const reference = resource[field]?.reference;
      const [type, id] = reference?.split('/') ?? [];
      if (type && !(await this.#exists(type, id))) {
        throw new OperationOutcomeError(badRequest(`${reference} does not exist`, `${resource.resourceType}.${field}`));
      }
    }
  }

  async #exists(resourceType, id) {
    try {
      return await this.readResource(resourceType, id);
    } catch {
      return undefined;
    }
  }

  async #forget(resource) {
    this.#unindex(resource);
    await super.deleteResource(resource.resourceType, resource.id);
  }

  async #restore(resource) {
    await super.createResource(resource);
    this.#index(resource);
  }

  #keys(resource) {
    const identifiers = [resource.identifier ?? []].flat();
    return identifiers.flatMap(({ system, value }) => [
      `${resource.resourceType} ${system ?? ''}|${value}`,
      `${resource.resourceType} ${value}`,
    ]);
  }

  #index(resource) {
    for (const key of this.#keys(resource)) {
      this.#byIdentifier.set(key, (this.#byIdentifier.get(key) ?? new Set()).add(resource.id));
    }
  }

  #unindex(resource) {
    for (const key of this.#keys(resource)) {
      this.#byIdentifier.get(key)?.delete(resource.id);
    }
  }
}

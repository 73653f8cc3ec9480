// Talks to the service that this page came from, and to no other.

import { say, tongue } from "./strings.js";

/** What the service refused, or that it did not answer; `message` is for people. */
export class Problem extends Error {
  constructor(body, status) {
    const kind = body?.type?.split(":").pop();
    const known = say.problem[kind] ?? say.problem[status];
    super(known ?? body?.detail ?? say.unreachable);
    this.status = status;
    this.kind = kind;
    // The service explains in English; in other languages its words come second, marked as such.
    this.detail = known && body?.detail ? body.detail : null;
    this.detailLanguage = tongue === "en" ? null : "en";
  }
}

/** The JSON of an answer; a Problem when there is none or it is an error. */
export async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(null, 0);
  }
  let body = null;
  try {
    body = await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
  }
  if (!response.ok || body === null) throw new Problem(body, response.status);
  return body;
}

/** A citation as the service writes it for other programs. */
export async function written(citation, format) {
  const response = await fetch(`/v1/citations/${citation.id}?format=${format}`);
  if (!response.ok) throw new Problem(null, response.status);
  return response.text();
}

export function post(path, body, options = {}) {
  return request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    ...options,
  });
}

/** A path with the parameters that are not null. */
export function withQuery(path, parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== null && each !== undefined && each !== "") query.append(name, each);
    }
  }
  return query.size ? `${path}?${query}` : path;
}

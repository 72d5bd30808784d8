// Asks every job of a file with Node's fetch and prints one JSON line each: {"id": …, "said": …}.
//
//     NODE_EXTRA_CA_CERTS=CA node ask.mjs JOBS
//
// What is said: the status, the code of the error's cause (its message where it has none), or both when an answer began
// and did not end well.

import dns from "node:dns";
import { readFileSync } from "node:fs";

const [, , file] = process.argv;
const jobs = JSON.parse(readFileSync(file, "utf8"));
// How many jobs are under way at a time.
const TOGETHER = 8;

// Every name under .test is the simulator's.
const lookup = dns.lookup;
dns.lookup = (host, ...more) => lookup(host.endsWith(".test") ? "127.0.0.1" : host, ...more);

async function ask(job) {
  let status = null;
  try {
    const answer = await fetch(job.url, {
      method: job.method,
      headers: job.fields,
      body: job.body === null ? undefined : readFileSync(job.body),
      redirect: job.follow ? "follow" : "manual",
      signal: AbortSignal.timeout(job.patience * 1000),
    });
    status = answer.status;
    await answer.arrayBuffer();
    return String(status);
  } catch (error) {
    return status === null ? named(error) : `${status}, then ${named(error)}`;
  }
}

function named(error) {
  if (error.cause === undefined) return error.name === "TypeError" ? error.message : error.name;
  const { code, name, message } = error.cause;
  if (code === "UND_ERR_SOCKET") return `${code} ${message}`;
  return code ?? (message || name);
}

async function work() {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
    process.stdout.write(JSON.stringify({ id: job.id, said: await ask(job) }) + "\n");
  }
}

await Promise.all(Array.from({ length: TOGETHER }, work));
// A connection that is kept would hold the process.
process.exit(0);
